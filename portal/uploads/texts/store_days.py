"""Texts of the list of store sales by day."""

COLUMNS = [
    {"key": "store", "label": "Store"},
    {"key": "day", "label": "Day"},
    {"key": "sales", "label": "Sales", "num": True, "hint": "Sales of the day that count"},
    {"key": "new", "label": "New", "num": True, "hint": "Lines that were not imported before"},
    {"key": "corrected", "label": "Corrected", "num": True, "hint": "Lines with new values, which count now"},
    {"key": "duplicate", "label": "Duplicates", "num": True, "hint": "Lines that were already imported"},
    {"key": "quarantined", "label": "To fix", "num": True, "hint": "Rows that do not count until they are accepted"},
    {"key": "received", "label": "Last received"},
]
NO_STORE = "No store"
