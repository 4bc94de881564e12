"""Measures: one definition of every number, and the query that computes any of them by any dimensions."""
