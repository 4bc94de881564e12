"""A year of a company on a real server with a simulated clock, compared with columnar books."""
