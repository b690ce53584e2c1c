"""Bringing data in: batch loads, what arrives cast and cut to what was asked for, changes of shape held or followed."""
