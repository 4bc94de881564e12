"""JSON lines: one object a line, with the digits of the source."""
