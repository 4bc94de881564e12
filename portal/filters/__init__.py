"""Filters of pages: names of their values, and lists of values that narrow each other."""
