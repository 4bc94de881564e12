"""Calls of homes that sync to this one, authorized by the signature of the home."""
