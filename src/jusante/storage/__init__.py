"""Adapters where bytes rest: tables on Iceberg, runs and states in SQL."""
