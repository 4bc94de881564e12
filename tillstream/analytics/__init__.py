"""Queries and metrics of sales, and the reference data they need. Imports the domain and the ports."""
