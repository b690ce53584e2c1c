"""Planning for failure, cost and advice."""
