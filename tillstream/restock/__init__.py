"""What to order: demand over a lead time, order-up-to levels, orders, transfers, and a simulation over past sales."""
