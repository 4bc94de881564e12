"""Purchase orders: stored, sent, received, and what they teach about suppliers."""
