"""The ports on local folders, DuckDB and SQLite, which need only Python packages."""
