"""Parse date and time texts to the business day and the UTC time of a sale."""
