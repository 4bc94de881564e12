"""Periods in cells, and dates whose day and month are swapped."""
