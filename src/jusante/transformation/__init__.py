"""Queries, modelling, transformation: SQL models, Python models, shell steps."""
