"""Sales as they are counted, and today against the same time last week."""
