"""The local adapters: folders, DuckDB and SQLite; only Python packages."""
