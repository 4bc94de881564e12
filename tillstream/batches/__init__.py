"""Batch records: states, lineage and events."""
