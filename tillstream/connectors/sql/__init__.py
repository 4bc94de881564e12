"""Databases: connections, values of cursor columns, and windows of rows that are compared on each run."""
