"""Destinations of files: folders, buckets and SFTP servers, and the outbox of what is delivered to them."""
