"""What is stale, in which order it is made anew, and what is done after a crash."""
