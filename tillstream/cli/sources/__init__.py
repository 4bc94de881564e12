"""Commands of connectors on a terminal."""
