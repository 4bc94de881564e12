"""Amounts that belong to a whole order and are written on one or all of its lines."""
