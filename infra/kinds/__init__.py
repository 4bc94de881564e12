"""Kinds of resources, one module per service: their queries, and commands to create, change and remove them."""
