"""Columns that are added to or subtracted from an amount, or whose signs are turned around, after an answer."""
