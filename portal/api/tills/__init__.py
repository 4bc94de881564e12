"""The API of tills: sending sales and reading their outcomes."""
