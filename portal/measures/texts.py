"""Texts of the list of measures and of their explanations."""

FORMATS = {
    "money": "Amount",
    "count": "Number",
    "quantity": "Number",
    "share": "Share",
    "growth": "Growth",
    "day": "Day",
    "class": "Class",
}
"""Format of a measure → its label."""
PAGES = {
    "products-by-class": ("products.show", "Products"),
    "cohort-retention": ("customers.show", "Customers"),
    "customers-by-segment": ("customers.show", "Customers"),
}
"""Query of an attribute → the endpoint and the label of the page that shows it."""
COLUMNS = (
    {"key": "label", "label": "Measure", "sort": True},
    {"key": "description", "label": "Meaning"},
    {"key": "formula", "label": "Formula"},
    {"key": "format", "label": "Format", "sort": True},
    {"key": "owner", "label": "Owner", "sort": True},
)


def no_page(text: str, last: int) -> str:
    return f"page is “{text}”; it must be a whole number from 1 to {last}."
