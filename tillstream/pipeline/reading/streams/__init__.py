"""Byte streams: gzip and zip opened, text brought to UTF-8, chunk by chunk."""
