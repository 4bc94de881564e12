"""Dates as a source writes them become the business day and the instant of a sale."""
