"""Columns of tables of the warehouse."""
