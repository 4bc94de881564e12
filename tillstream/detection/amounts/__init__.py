"""Which amount is net, gross, tax or discount, proved by arithmetic."""
