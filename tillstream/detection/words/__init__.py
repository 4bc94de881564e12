"""Words that files use for columns, statuses and totals, in several languages."""
