"""GoogleSQL translated for DuckDB."""
