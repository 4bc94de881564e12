"""Exports of the marts as Delta tables."""
