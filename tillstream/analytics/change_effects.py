"""The effects of a change in revenue, by the names that the queries `change` and `change-by-group` return."""

from collections.abc import Mapping
from dataclasses import dataclass

EFFECT_ITEMS: Mapping[str, str] = {
    "product-and-channel": "Product and channel",
    "product": "Product",
    "category": "Category",
}
"""What an item can be → its label; the default of the queries first."""


DEFAULT_ITEM = next(iter(EFFECT_ITEMS))


@dataclass(frozen=True)
class ChangeEffect:
    """label: in tables and charts. part: in a sentence."""

    label: str
    part: str
    meaning: str


def named_effects(before: str, after: str, item: str = DEFAULT_ITEM) -> Mapping[str, ChangeEffect]:
    """Return the effects by the name that the queries return, in their order.

    before, after: both sides in a sentence, such as `the first period` or `UK`. item: one of `EFFECT_ITEMS`.
    """
    items = EFFECT_ITEMS[item].lower()
    return {
        "volume": ChangeEffect(
            "Volume", "volume", "More or fewer units of what both sides sold, at their average price"
        ),
        "mix": ChangeEffect("Mix", "the mix", "A shift between cheaper and dearer items that both sides sold"),
        "price": ChangeEffect(
            "Average price paid",
            "the average price paid",
            f"Another price paid for the same {items}; discounts and pack sizes count too",
        ),
        "currency": ChangeEffect("Exchange rates", "exchange rates", "The same amounts at other exchange rates"),
        "new": ChangeEffect(
            f"Sold only in {after}",
            f"what was sold only in {after}",
            f"What was sold in {after} and not in {before}, by {items}",
        ),
        "lost": ChangeEffect(
            f"Sold only in {before}",
            f"what was sold only in {before}",
            f"What was sold in {before} and not in {after}, by {items}",
        ),
        "returns": ChangeEffect("Returns", "returns", "More or fewer returned goods"),
        "other": ChangeEffect(
            "Other", "other lines", "Lines without a product, quantity or amount, such as postage and fees"
        ),
    }
