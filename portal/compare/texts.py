"""Texts of the comparison."""

from collections.abc import Iterable

KINDS = {
    "period": "Periods",
    "region": "Regions",
    "store": "Stores",
    "channel": "Channels",
    "category": "Categories",
    "country": "Countries",
}
"""What can be compared; all but periods are filters."""
GRAINS = {"product": "Product", "product-and-channel": "Product and channel", "category": "Category"}
EFFECTS = {
    "before": ("", ""),
    "volume": ("Volume", "More or fewer units of the products sold on both sides, at their average price"),
    "mix": ("Mix", "A shift between cheaper and dearer products sold on both sides"),
    "price": ("Average price paid", "Another price paid for the same product; discounts and pack sizes count too"),
    "currency": ("Exchange rates", "The same amounts at other exchange rates"),
    "new": ("New products", "Products that were not sold on the first side"),
    "lost": ("Products no longer sold", "Products that were not sold on the second side"),
    "returns": ("Returns", "More or fewer returned goods"),
    "other": ("Other", "Lines without a product, quantity or amount, such as postage and fees"),
}
"""Effect → its label and meaning."""
NO_SALES = "There are no sales yet."
SAME_SIDES = "Both sides are the same. Choose another one to compare with."


def not_allowed(name: str, value: str, allowed: Iterable[str]) -> str:
    return f"{name} is “{value}”; allowed values are {', '.join(allowed)}."


def reported(days: str) -> str:
    return f"Sales are reported for {days}. Choose two periods within these days."


def fewer_than_two(kind: str) -> str:
    return f"There are fewer than two {KINDS[kind].lower()} to compare."
