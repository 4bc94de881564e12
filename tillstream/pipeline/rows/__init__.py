"""What one stage hands to the next: rows in flight, what is wrong with them, and the Arrow helpers they share."""
