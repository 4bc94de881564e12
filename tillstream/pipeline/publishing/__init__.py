"""Publishing: what a settlement changed becomes events and daily totals."""
