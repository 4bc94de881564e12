"""Commands of the connectors, which pull sales from where a company keeps them."""
