"""Adapters to the systems that others own."""
