"""Goals of a month: whose they are, of which measure, and how an amount is divided."""
