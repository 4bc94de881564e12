"""Kinds of resources, a module a service: each says how it is asked for, made, changed and removed."""
