"""Sync: a home sends what it settled to a head office, which settles the same originals again."""
