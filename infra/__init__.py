"""What a Google project must hold, and how it gets there."""
