"""Daily totals on BigQuery: new lines are added to them, changed days are computed again."""
