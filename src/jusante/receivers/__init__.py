"""Adapters to systems that want to hear what a run does."""
