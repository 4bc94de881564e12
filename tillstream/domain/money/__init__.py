"""Currencies and their minor units."""
