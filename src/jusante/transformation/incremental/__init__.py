"""Models that are not built anew as a whole: which of their rows are touched by what changed above, and how these are replaced."""
