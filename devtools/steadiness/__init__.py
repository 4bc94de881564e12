"""Repeated runs of the tests, in random order, under load and at hard dates."""
