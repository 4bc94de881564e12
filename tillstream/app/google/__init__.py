"""Composition root for Google Cloud."""
