"""Tables of the warehouse and the types of their columns."""
