"""Queries that people write."""
