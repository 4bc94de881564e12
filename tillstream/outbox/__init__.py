"""Outboxes: entries that are sent once each, with further tries after failures."""
