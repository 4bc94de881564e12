"""Commands of alerts: their channels."""
