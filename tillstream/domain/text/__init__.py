"""Texts that are shown or exported."""
