"""The stores of a user, where they sell and whose stock they change."""
