"""How the cells of a column are written: numbers, dates, times, currencies."""
