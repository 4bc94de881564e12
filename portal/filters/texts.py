"""Texts of the filters; other pages name the same values with them."""

LABELS = {
    "region": "Region",
    "status": "Status",
    "country": "Country",
    "store": "Store",
    "category": "Category",
    "product": "Product",
    "channel": "Channel",
    "salesperson": "Salesperson",
}
"""Filter → its label, in the order of the filter bar."""
UNKNOWN = "Unknown"
NO_FILTER = "There is no such filter."
