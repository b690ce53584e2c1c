"""DuckDB as the engine: queries on file plans, out-of-core, staged as Parquet with Iceberg field ids."""
