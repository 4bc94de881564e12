"""Kinds of connectors, one module each.

To add one, write a module with a `KIND` and add its name to `tillstream/connectors/kind_table.py`.
"""
