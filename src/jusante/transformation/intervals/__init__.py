"""Models made interval by interval: which intervals are touched by what changed above, and how their rows are replaced."""
