"""Limits of a settlement on a slice of the ledger."""

MEMORY_LIMIT = "600MB"
"""Default memory limit of DuckDB. The process needs about twice as much, for the rows that are appended (ADR 041)."""
