"""Contract section `amounts`: units, rates, and whether tax is included."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal

from pydantic import Field

from tillstream.domain.contract.sections import Strict

_DIGITS = 20


class AmountRule(Strict):
    """What numbers count. All is computed exactly; beyond nine decimals it is rounded half away from zero."""

    factors: dict[str, Decimal] = Field(default_factory=dict)
    """Column → what its numbers are multiplied by: `{unit_price: 0.01}` where prices are written in cents."""
    discount: Literal["amount", "rate", "percent"] = "amount"
    """What the discount column holds. A `rate` (0.05) or `percent` (5) is of quantity × price; 5% is 5% in both."""
    include: Literal["", "tax"] = ""
    """`tax`: prices and totals include tax: gross_amount is the file's total or quantity × price less discount, and
    net_amount is gross_amount less tax, to the digit."""
    tax_rate: Decimal | None = Field(None, ge=0, le=1, max_digits=12)
    """The tax as part of the net amount (0.19) where no column tells it: tax is gross_amount × rate ÷ (1 + rate)."""


def amount_errors(rule: AmountRule, columns: Mapping[str, str], numbers: frozenset[str]) -> Iterator[str]:
    """Conflicts between the rule and the mapped columns, each prefixed with the path of its field."""
    for name, factor in rule.factors.items():
        if name not in numbers:
            yield f"amounts.factors.{name}: factors are only for {', '.join(sorted(numbers))}"
        elif name not in columns:
            yield f"amounts.factors.{name}: {name} is not mapped in columns"
        if not factor or not factor.is_finite() or len(f"{factor:f}") > _DIGITS:
            yield f"amounts.factors.{name}: a factor is a number of at most {_DIGITS} digits, and not 0"
    if rule.discount != "amount" and not {"discount", "quantity", "unit_price"} <= set(columns):
        yield f"amounts.discount: a {rule.discount} needs columns.discount, columns.quantity and columns.unit_price"
    if rule.discount != "amount" and "discount" in rule.factors:
        yield "amounts.factors.discount: a factor is for amounts; say discount: percent or rate instead"
    yield from _tax_errors(rule, columns)


def _tax_errors(rule: AmountRule, columns: Mapping[str, str]) -> Iterator[str]:
    if not rule.include:
        if rule.tax_rate is not None:
            yield "amounts.tax_rate: only where amounts include tax (include: tax)"
        return
    if ("tax" in columns) == (rule.tax_rate is not None):
        yield "amounts.include: map columns.tax or give amounts.tax_rate, one of them"
    if "net_amount" in columns:
        yield "columns.net_amount: amounts include tax here, so the file's total is columns.gross_amount"
    if "gross_amount" not in columns and not {"quantity", "unit_price"} <= set(columns):
        yield "amounts.include: map columns.gross_amount, or both quantity and unit_price"
