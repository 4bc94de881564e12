"""The infrastructure room: what a Google project must hold, how it gets there, and its services on one machine."""
