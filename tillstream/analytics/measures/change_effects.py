"""The effects of a change in revenue, by which reports and pages name the rows of the queries `change` and
`change-by-group`: one set of names, and one default of what an item is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ITEMS: Mapping[str, str] = {
    "product-and-channel": "Product and channel",
    "product": "Product",
    "category": "Category",
}
"""What an item can be → its label; the default of the queries first."""
DEFAULT = next(iter(ITEMS))


@dataclass(frozen=True)
class Effect:
    """label: in tables and charts. part: in a sentence."""

    label: str
    part: str
    meaning: str


def named(before: str, after: str, item: str = DEFAULT) -> Mapping[str, Effect]:
    """Return the effects by the name that the queries return, in their order.

    before, after: both sides in a sentence, such as `the first period` or `UK`. item: one of `ITEMS`.
    """
    items = ITEMS[item].lower()
    return {
        "volume": Effect("Volume", "volume", "More or fewer units of what both sides sold, at their average price"),
        "mix": Effect("Mix", "the mix", "A shift between cheaper and dearer items that both sides sold"),
        "price": Effect(
            "Average price paid",
            "the average price paid",
            f"Another price paid for the same {items}; discounts and pack sizes count too",
        ),
        "currency": Effect("Exchange rates", "exchange rates", "The same amounts at other exchange rates"),
        "new": Effect(
            f"Sold only in {after}",
            f"what was sold only in {after}",
            f"What was sold in {after} and not in {before}, by {items}",
        ),
        "lost": Effect(
            f"Sold only in {before}",
            f"what was sold only in {before}",
            f"What was sold in {before} and not in {after}, by {items}",
        ),
        "returns": Effect("Returns", "returns", "More or fewer returned goods"),
        "other": Effect(
            "Other", "other lines", "Lines without a product, quantity or amount, such as postage and fees"
        ),
    }
