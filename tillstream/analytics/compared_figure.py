"""A figure with its base and its change, which are of the same sales, and the effects that a change in revenue has.

The queries `change` and `change-by-group` return the effects by name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tillstream.analytics.measures.definitions import compute_measure
from tillstream.model.money import round_amount

EFFECT_ITEMS: Mapping[str, str] = {
    "product-and-channel": "Product and channel",
    "product": "Product",
    "category": "Category",
}
"""What an item can be → its label; the default of the queries first."""
DEFAULT_ITEM = next(iter(EFFECT_ITEMS))


@dataclass(frozen=True)
class ComparedFigure:
    """A figure, and both sides of its comparison.

    whole: the figure. now and before: the figure of the sales that are compared, such as those of the stores whose
    earlier sales have a time, and its base. Show a change next to `whole` only if `is_whole`, else next to `now`.
    """

    whole: Decimal | int | None
    now: Decimal | int | None
    before: Decimal | int | None

    @classmethod
    def of_whole(cls, whole: Decimal | int | None, before: Decimal | int | None) -> "ComparedFigure":
        """A figure of which everything is compared."""
        return cls(whole, whole, before)

    @property
    def is_whole(self) -> bool:
        """Whether the change is that of the whole figure."""
        return self.now == self.whole

    @property
    def change(self) -> Decimal | int | None:
        """The difference of `now` and `before`; None without both."""
        return None if self.now is None or self.before is None else self.now - self.before

    @property
    def growth(self) -> Decimal | None:
        """The change from `before` to `now`, as a fraction."""
        return growth(self.now, self.before)

    def in_currency(self, currency: str) -> "ComparedFigure":
        """Amounts in its minor unit, as they are written, so that the change is that of what is written.

        As they are without a currency.
        """
        if not currency:
            return self
        figures = (self.whole, self.now, self.before)
        return ComparedFigure(*(None if one is None else round_amount(Decimal(one), currency) for one in figures))


def total_change(total: Decimal, exact: Iterable[Decimal], written: Iterable[Decimal | int | None]) -> Decimal:
    """The written changes added up if the exact ones are all of a total; else the total."""
    return sum((Decimal(one or 0) for one in written), Decimal(0)) if sum(exact) == total else total


def growth(now: Decimal | int | None, before: Decimal | int | None) -> Decimal | None:
    """The change as a fraction of the base; None if there is none above 0."""
    decimals = (None if one is None else Decimal(one) for one in (now, before))
    return compute_measure("revenue_growth", **dict(zip(("revenue", "before_revenue"), decimals, strict=True)))


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
