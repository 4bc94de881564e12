"""Texts of the stock pages."""

from tillstream.domain.inventory.movements import REASONS

STATUSES = {
    "in-stock": ("In stock", "good", "check"),
    "low": ("Low", "ask", "down"),
    "out": ("Out", "bad", "close"),
    "negative": ("Negative", "bad", "help"),
    "not-counted": ("Not counted", "", "minus"),
}
"""Status → its label, tone and icon."""
MEANINGS = {
    "low": "No more than the minimum stock, or what is sold until a delivery arrives",
    "negative": "More was sold than there was",
    "not-counted": "Sold or moved in this store, but never counted there",
}
CHOICES = {"all": "All", "attention": "Needs attention"} | {key: label for key, (label, *_) in STATUSES.items()}
COLUMNS = {
    "product": "Product",
    "store": "Store",
    "status": "Status",
    "on-hand": "On hand",
    "transit": "In transit",
    "recent": "Sold in 56 days",
    "cover": "Days of cover",
    "value": "Value at cost",
    "counted": "Last count",
}
"""Column of the list of levels → its label; the first ones with the name of their order."""
HINTS = {
    "transit": "Sent by other stores and not arrived yet",
    "cover": "Units on hand divided by the mean daily sales of the last 56 days",
    "value": "Units on hand times the unit cost of the catalogue",
}
TABS = {"stock.show": "Levels"}
"""Endpoint → label of the views of stock, in order."""
REASON_CHOICES = REASONS
