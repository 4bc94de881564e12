"""Contract section `amounts`: units, rates, and whether tax is included."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal

from pydantic import Field

from tillstream.domain.contract.sections import Strict

_DIGITS = 20
_AMOUNTS = ("unit_price", "discount", "tax", "net_amount", "gross_amount")


class AmountRule(Strict):
    """Units, rates and tax of amounts. Values are computed exactly and rounded half away from zero to nine decimal
    places."""

    factors: dict[str, Decimal] = Field(default_factory=dict)
    """Column → factor by which its numbers are multiplied, for example `{unit_price: 0.01}` if prices are in cents."""
    minor_units: tuple[str, ...] = ()
    """Columns whose amounts are in the minor unit of their currency, such as cents. They are divided by 100, or by what
    the currency requires: amounts in JPY, which has no minor unit, are unchanged, and those in KWD divided by 1000."""
    discount: Literal["amount", "rate", "percent"] = "amount"
    """Content of the discount column: an amount, a `rate` (0.05) or a `percent` (5) of quantity × price; a cell 5% is
    5 percent in both."""
    tax: Literal["amount", "rate", "percent"] = "amount"
    """Content of the tax column: an amount, a `rate` (0.19) or a `percent` (19) of the net amount of its row; a cell
    19% is 19 percent in both. With `include: tax`, tax is gross_amount × rate ÷ (1 + rate)."""
    less_discount: bool = False
    """`true`: the source's net_amount or gross_amount is before the discount, an amount that is subtracted from it."""
    subtract: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Column → headers of the source whose numbers are subtracted from it, as in `{net_amount: [Shipping], quantity:
    [Returned]}`; an empty cell is 0."""
    add: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Column → headers of the source whose numbers are added to it, such as refunds with a minus sign or another
    tax. An empty cell is 0 if another one is filled."""
    refunded: dict[str, str] = Field(default_factory=dict)
    """Header of refunds → header of the total with tax that they are a part of, as in `{Refund: Order Total}`. The net
    amount, tax and gross amount of the row fall in the proportion of the refund to that total; an empty cell is 0."""
    remaining: dict[str, str] = Field(default_factory=dict)
    """Header of the total after refunds → header of the total before them. The net amount, tax and gross amount of the
    row fall in the same proportion; an empty cell means that nothing was refunded."""
    units_only: bool = False
    """`true`: the source has quantities and no amounts; every net_amount is 0, and its revenue is not known."""
    include: Literal["", "tax"] = ""
    """`tax`: prices and totals include tax. gross_amount is the file's total, or quantity × price less discount;
    net_amount is exactly gross_amount less tax."""
    tax_rate: Decimal | None = Field(None, ge=0, le=1, max_digits=12)
    """Tax as a fraction of the net amount (0.19) if there is no tax column: tax is gross_amount × rate ÷ (1 + rate)."""

    def is_rate(self, name: str) -> bool:
        """Whether the cells of a column are rates, not amounts."""
        return {"discount": self.discount, "tax": self.tax}.get(name, "amount") != "amount"

    def terms(self, name: str) -> Iterator[tuple[str, int]]:
        """Each header that is part of a column's values, with 1 if it is added, or -1."""
        yield from ((header, 1) for header in self.add.get(name, ()))
        yield from ((header, -1) for header in self.subtract.get(name, ()))

    @property
    def term_headers(self) -> tuple[str, ...]:
        terms = (header for part in (self.add, self.subtract) for headers in part.values() for header in headers)
        return (
            *terms,
            *(header for part in (self.refunded, self.remaining) for pair in part.items() for header in pair),
        )


def amount_errors(rule: AmountRule, columns: Mapping[str, str], numbers: frozenset[str]) -> Iterator[str]:
    """Conflicts between the rule and the mapped columns, each prefixed with the path of its field."""
    for name, factor in rule.factors.items():
        if name not in numbers:
            yield f"amounts.factors.{name}: only these columns can have a factor: {', '.join(sorted(numbers))}"
        elif name not in columns:
            yield f"amounts.factors.{name}: {name} is not mapped in columns"
        if not factor or not factor.is_finite() or len(f"{factor:f}") > _DIGITS:
            yield f"amounts.factors.{name}: a factor must be a number other than 0 with at most {_DIGITS} digits"
    yield from _term_errors(rule, columns, numbers)
    yield from _rate_errors(rule, columns)
    if rule.less_discount and ("discount" not in columns or not {"net_amount", "gross_amount"} & set(columns)):
        yield "amounts.less_discount: map columns.discount, and columns.net_amount or columns.gross_amount"
    if rule.less_discount and rule.discount != "amount":
        yield f"amounts.less_discount: the discount must be an amount, not a {rule.discount}"
    if rule.units_only:
        yield from _units_only_errors(rule, columns)
    yield from _minor_unit_errors(rule, columns, numbers)
    yield from _tax_errors(rule, columns)


def _rate_errors(rule: AmountRule, columns: Mapping[str, str]) -> Iterator[str]:
    if rule.discount != "amount" and not {"discount", "quantity", "unit_price"} <= set(columns):
        yield f"amounts.discount: a {rule.discount} requires columns.discount, columns.quantity and columns.unit_price"
    if rule.tax != "amount" and "tax" not in columns:
        yield f"amounts.tax: a {rule.tax} requires columns.tax"
    for name in rule.factors:
        if rule.is_rate(name):
            yield f"amounts.factors.{name}: factors are only for amounts; use {name}: percent or {name}: rate instead"


def _term_errors(rule: AmountRule, columns: Mapping[str, str], numbers: frozenset[str]) -> Iterator[str]:
    for field, name in [*(("add", name) for name in rule.add), *(("subtract", name) for name in rule.subtract)]:
        if name not in numbers:
            yield f"amounts.{field}.{name}: only these columns have numbers: {', '.join(sorted(numbers))}"
        elif name not in columns:
            yield f"amounts.{field}.{name}: {name} is not mapped in columns"
        elif rule.is_rate(name):
            yield f"amounts.{field}.{name}: the {name} must be an amount, not a rate or a percent"


def _units_only_errors(rule: AmountRule, columns: Mapping[str, str]) -> Iterator[str]:
    if "quantity" not in columns:
        yield "amounts.units_only: map columns.quantity, because only units are counted"
    amounts = [name for name in _AMOUNTS if name in columns]
    if amounts:
        yield f"amounts.units_only: the source has no amounts, so remove columns.{amounts[0]}"
    if rule.include:
        yield "amounts.units_only: cannot be combined with amounts.include"


def _minor_unit_errors(rule: AmountRule, columns: Mapping[str, str], numbers: frozenset[str]) -> Iterator[str]:
    money = numbers - {"quantity"}
    for number, name in enumerate(rule.minor_units):
        path = f"amounts.minor_units.{number}"
        if name not in money:
            yield f"{path}: {name} is not a column of money; those are {', '.join(sorted(money))}"
        elif name not in columns:
            yield f"{path}: {name} is not mapped in columns"
        elif name in rule.factors:
            yield f"{path}: {name} also has a factor; remove one of them"
        elif rule.is_rate(name):
            yield f"{path}: a {name} that is a rate or a percent has no unit"


def _tax_errors(rule: AmountRule, columns: Mapping[str, str]) -> Iterator[str]:
    if not rule.include:
        if rule.tax_rate is not None:
            yield "amounts.tax_rate: only allowed if amounts include tax (include: tax)"
        return
    if ("tax" in columns) == (rule.tax_rate is not None):
        yield "amounts.include: set exactly one of columns.tax and amounts.tax_rate"
    if "net_amount" in columns:
        yield "columns.net_amount: amounts include tax, so map the file's total as columns.gross_amount"
    if "gross_amount" not in columns and not {"quantity", "unit_price"} <= set(columns):
        yield "amounts.include: map columns.gross_amount, or both columns.quantity and columns.unit_price"
