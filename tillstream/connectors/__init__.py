"""Connectors: they pull files and rows from where a company keeps its sales, and hand them to intake."""
