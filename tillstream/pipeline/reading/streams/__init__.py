"""Byte streams: gzip and zip decompression and transcoding to UTF-8, chunk by chunk."""
