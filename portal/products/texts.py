"""Texts of the page about products."""

CLASSES = {
    "A": ("Class A", "Few products that make most of the revenue: never let them sell out"),
    "B": ("Class B", "Products that make a smaller part of the revenue"),
    "C": ("Class C", "Many products that make very little of the revenue, or none"),
}
"""ABC class → its label and meaning."""
ALL = "All"
COLUMNS = {
    "product_name": "Product",
    "category": "Category",
    "abc_class": "Class",
    "revenue": "Revenue",
    "share": "Share",
    "cumulative_share": "Cumulative share",
    "units": "Units",
}
CUMULATIVE = "Share of this product and all products with a higher revenue together"
