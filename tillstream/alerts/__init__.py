"""Alerts: rules and alerts as documents, the conditions that are watched, and their evaluation."""
