"""What became of every row: receipts, quarantine, and the rows as their source wrote them."""
