"""Ask whether a price is the amount of the whole line, if a sum or the prices of the same product show it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tillstream.detection.amounts.reduced_totals import is_fee
from tillstream.detection.arithmetic.number_columns import NumberColumns, Numbers, is_equal
from tillstream.detection.evidence import NO_COLUMN, DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.headers import match_header

_MIN_ROWS, _MOST = 3, 0.95
_MIN_PRODUCTS, _MOST_PRODUCTS = 3, 0.8
_MAX_COLUMNS = 14
_ROUNDING = 0.0051
"""How much the price of a line may differ because it is rounded."""
_UNIT_ROLES = frozenset({"unit_price", "unit_cost"})
_OTHER_UNIT_PRICES = frozenset({"list price", "msrp"})
"""Names of prices of one unit that are no column of a sale line."""

_Terms = Iterable[tuple[tuple[str, ...], Numbers]]


@dataclass(frozen=True)
class _Products:
    """The products with several quantities, by how their prices depend on these."""

    growing: tuple[str, ...] = ()
    constant: int = 0
    other: int = 0

    @property
    def count(self) -> int:
        return len(self.growing) + self.constant + self.other


def ask(sheet: Sheet, roles: dict[str, str], unmapped: Sequence[str], style: NumberStyle, log: DetectionLog) -> bool:
    """Ask `column.net_amount` if the price of a row of several units is that of all of them.

    roles: with a quantity and a price, and without a total. unmapped: numeric columns without a role. Returns whether
    it is asked.
    """
    price = roles["unit_price"]
    others = [*([roles["tax"]] if "tax" in roles else []), *unmapped[:_MAX_COLUMNS]]
    columns = NumberColumns(sheet, dict.fromkeys((roles["quantity"], price, *others)), style)
    products = _products_of(sheet, columns, roles)
    if products.constant and products.constant >= _MOST_PRODUCTS * products.count:
        return False
    fees = [name for name in others if is_fee(name)]
    rests = [name for name in others if name not in fees and not _is_unit_price(name)]
    clear = _less_fees(columns, roles, rests, fees) or _growing(products, roles)
    evidence = clear or _plus_charges(columns, roles, rests, [name for name in others if name not in fees])
    if evidence:
        words = f"Is {price} the amount of the whole line, and not that of one unit?"
        choices = (price, NO_COLUMN)
        default = price if clear else ""  # a sum with charges can also be that of one unit
        log.add_question("column.net_amount", words, choices, evidence, default=default, none="the price of a unit")
    return bool(evidence)


def _is_unit_price(name: str) -> bool:
    """Whether a header is that of a price or cost of one unit."""
    return any(match.role in _UNIT_ROLES or match.synonym in _OTHER_UNIT_PRICES for match in match_header(name))


def _less_fees(columns: NumberColumns, roles: dict[str, str], rests: Sequence[str], fees: Sequence[str]) -> str:
    """The evidence that the price less one or two fees is another column also in rows of several units.

    Fees are with or without a minus sign.
    """
    terms = _one_or_two(fees)
    return _in_sum(columns, roles, rests, "less", ((names, -columns.sum_of(names, of_sizes=True)) for names in terms))


def _plus_charges(columns: NumberColumns, roles: dict[str, str], rests: Sequence[str], charges: Sequence[str]) -> str:
    """The evidence that the price plus one or two other columns is a third one also in rows of several units."""
    terms = _one_or_two(charges)
    return _in_sum(columns, roles, rests, "plus", ((names, columns.sum_of(names)) for names in terms))


def _one_or_two(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for count in (1, 2):
        yield from combinations(names, count)


def _in_sum(columns: NumberColumns, roles: dict[str, str], rests: Sequence[str], words: str, terms: _Terms) -> str:
    """The evidence that the price and further terms are another column. terms: their names and the amount to add."""
    price = roles["unit_price"]
    several = np.nan_to_num(columns[roles["quantity"]]) > 1
    for names, amount in terms:
        for rest in (name for name in rests if name not in names):
            used = several & (amount != 0)
            if used.sum() >= _MIN_ROWS and is_equal(columns[rest], columns[price] + amount)[used].mean() >= _MOST:
                rows = f"{int(used.sum()):,} rows of several units"
                return f"{rest} is {price} {words} {' and '.join(names)}, also in {rows}"
    return ""


def _products_of(sheet: Sheet, columns: NumberColumns, roles: dict[str, str]) -> _Products:
    """The products that were sold in several quantities; none without a column of products."""
    product = next((roles[role] for role in ("product_id", "product_name") if role in roles), "")
    if not product:
        return _Products()
    quantities, prices = np.abs(columns[roles["quantity"]]), np.abs(columns[roles["unit_price"]])
    cells = np.array(sheet.columns[product].cells[: len(prices)])
    used = (cells != "") & (np.nan_to_num(quantities) > 0) & (np.nan_to_num(prices) > 0)
    growing, constant, other = [], 0, 0
    for name in np.unique(cells[used]):
        rows = used & (cells == name)
        several, amounts = quantities[rows], prices[rows]
        if len(np.unique(several)) < 2:
            continue
        if is_equal(amounts, amounts[:1]).all():
            constant += 1
        elif _grow(several, amounts):
            growing.append(str(name))
        else:
            other += 1
    return _Products(tuple(growing), constant, other)


def _grow(quantities: Numbers, amounts: Numbers) -> bool:
    """Whether amounts (n,) are the same price times the quantities, except for rounding."""
    most = quantities.argmax()
    shares = quantities / quantities[most]
    return bool((np.abs(amounts - shares * amounts[most]) <= _ROUNDING * (1 + shares)).all())


def _growing(products: _Products, roles: dict[str, str]) -> str:
    """The evidence that the prices of most products grow with their quantity."""
    growing = len(products.growing)
    if growing < _MIN_PRODUCTS or growing < _MOST_PRODUCTS * products.count:
        return ""
    counted = f"{growing:,} of {products.count:,} products with several quantities, such as {products.growing[0]}"
    return f"{roles['unit_price']} grows with {roles['quantity']} for {counted}"
