"""A dbt project by its manifest: dbt is run as a program of its own, never imported."""
