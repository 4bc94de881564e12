"""Outcome of every row: receipts, quarantined rows, and rows of the original files."""
