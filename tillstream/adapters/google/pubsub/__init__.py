"""The event bus on Pub/Sub."""
