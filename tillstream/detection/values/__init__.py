"""Detect the formats of numbers, dates, times and currencies."""
