"""Matching: which known contract fits a file, and what changed about its source."""
