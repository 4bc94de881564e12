"""Queries and metrics of sales, and the reference data they need."""
