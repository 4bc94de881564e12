"""Readers for Excel and OpenDocument sheets."""
