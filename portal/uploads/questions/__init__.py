"""Questions about a file: its columns, what they become, the answers, and the data source that results."""
