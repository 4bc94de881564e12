"""Checks of JSON values against a schema: its violations, and a quick test that there are none."""
