"""The rules of the ledger: settlements in DuckDB, on tables of given names."""
