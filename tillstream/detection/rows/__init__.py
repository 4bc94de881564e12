"""Rows that are no sales of their own."""
