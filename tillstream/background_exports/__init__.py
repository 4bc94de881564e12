"""Long exports in the background: requested by a person, written by a worker, kept for some days."""
