"""Identify net, gross, tax and discount columns by arithmetic."""
