"""Validating: typed rows are checked, and what is wrong becomes issues."""
