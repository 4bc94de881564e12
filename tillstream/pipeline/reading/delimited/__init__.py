"""Delimited text: records, headers and cells of CSV files in any style."""
