"""Commands of alerts on a terminal."""
