"""What the demo adds for stores: the catalogue, and a till."""
