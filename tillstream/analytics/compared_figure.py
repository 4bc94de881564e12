"""A figure with its base and its change, which are of the same sales."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tillstream.model.money import round_amount


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
    if now is None or before is None or before <= 0:
        return None
    return (Decimal(now) - Decimal(before)) / Decimal(before)
