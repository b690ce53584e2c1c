"""One file a revision, each with the way forward and back."""
