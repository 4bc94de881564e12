"""Arithmetic over the numbers of sampled columns."""
