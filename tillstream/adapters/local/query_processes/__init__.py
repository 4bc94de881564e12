"""Processes that run the statements of people, behind a wall of the system."""
