"""Publish the changes of settlements: sale events and daily totals."""
