"""The sources of sales: connectors."""
