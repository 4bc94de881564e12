"""What people and schedules do with batches, a package for each kind of work."""
