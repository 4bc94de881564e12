"""Commands that return numbers: measures by dimensions, and rows for the Python client."""
