"""The ports room: small protocols that the pipeline talks through; adapters implement them."""
