"""Transports hand messages to the server, and return what it did with each of them."""
