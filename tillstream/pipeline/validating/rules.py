"""Validation rules of a sale line, as data. Each rule reports one code of the problem catalogue."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import BY_NAME, Kind
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.sections import Range
from tillstream.pipeline.normalising.normalise import NORMALISED
from tillstream.pipeline.normalising.numbers.arithmetic import line_total
from tillstream.pipeline.rows.issues import format_values
from tillstream.pipeline.rows.text_column import combined, map_distinct, to_bool_array

ZERO = Decimal(0)
_PRESENT = frozenset(column.name for column in NORMALISED)
_REQUIRED = tuple(column.name for column in NORMALISED if column.required and column.name != "line_key")
_INPUTS = {
    "sale_id": frozenset({"sale_id", "store_id"}),
    "net_amount": frozenset({"net_amount", "quantity", "unit_price", "discount"}),
}
"""Column → its input columns. Suppresses missing-value issues caused by an input column that already failed."""
_TERMS = ("quantity", "unit_price", "discount")


Holds = Callable[[pa.Table], pa.Array]


@dataclass(frozen=True)
class Rule:
    """A validation rule. `holds` takes rows with columns of `NORMALISED` and returns a boolean per row; NULL passes."""

    code: str
    column: str
    holds: Holds
    detail: str | Callable[..., pa.Array] = ""
    """Text for every row, or a function that computes a text per row from the columns in `reads`."""
    unless: frozenset[str] = frozenset()
    """Skip rows with an error in one of these columns."""
    reads: tuple[str, ...] = ()
    """Additional columns that the rule reads."""


def rules_of(contract: Contract, received_date: date) -> Iterator[Rule]:
    for name in _required(contract):
        yield Rule("missing-required", name, _is_present(name), unless=_unless(name, contract))
    for name in contract.expected:
        if name in _PRESENT:
            yield Rule("missing-expected", name, _is_present(name), unless=frozenset({name}))
    for name, bounds in contract.ranges.items():
        yield from _range(name, bounds)
    for name, words in contract.allowed.items():
        if name in _PRESENT:
            yield Rule("word-not-allowed", name, _one_of(name, words), ", ".join(words))
    if contract.stores:
        yield Rule("unknown-store", "store_id", _one_of("store_id", contract.stores))
    if contract.products:
        yield Rule("unknown-product", "product_id", _one_of("product_id", contract.products))
    yield from _line_total(contract)
    yield Rule("future-date", "sale_date", _compares("sale_date", pc.less_equal, received_date))
    yield Rule("zero-price", "unit_price", _compares("unit_price", pc.not_equal, ZERO))
    yield Rule("negative-price", "unit_price", _compares("unit_price", pc.greater_equal, ZERO))
    yield Rule("negative-quantity", "quantity", _is_sale_quantity, reads=("status",))
    yield Rule("positive-return", "quantity", _is_return_quantity, reads=("status",))


def _required(contract: Contract) -> list[str]:
    """Return the required columns. Where sale ids are derived, the missing input columns are reported instead."""
    numbered = [*_REQUIRED, *(["line_key"] if contract.has_line_numbers else [])]
    return [name for name in numbered if name != "sale_id" or name in contract.columns]


def _unless(name: str, contract: Contract) -> frozenset[str]:
    inputs = _INPUTS.get(name, frozenset({name}))
    return inputs | {"gross_amount", "tax"} if name == "net_amount" and contract.amounts.include else inputs


def _compares(name: str, compare: Callable[..., pa.Array], bound: Decimal | date) -> Holds:
    return lambda rows: compare(combined(rows.column(name)), bound)


def _is_present(name: str) -> Holds:
    return lambda rows: pc.is_valid(combined(rows.column(name)))


def _returned(rows: pa.Table) -> pa.Array:
    return map_distinct(rows.column("status"), lambda words: pc.equal(words, "returned"))


def _is_sale_quantity(rows: pa.Table) -> pa.Array:
    return pc.or_kleene(pc.greater_equal(combined(rows.column("quantity")), ZERO), _returned(rows))


def _is_return_quantity(rows: pa.Table) -> pa.Array:
    return pc.or_kleene(pc.less_equal(combined(rows.column("quantity")), ZERO), pc.invert(_returned(rows)))


def _one_of(name: str, words: tuple[str, ...]) -> Holds:
    allowed = pa.array(words, pa.string())

    def holds(rows: pa.Table) -> pa.Array:
        values = rows.column(name)
        texts = values if BY_NAME[name].kind is Kind.STRING else format_values(combined(values))
        return map_distinct(texts, lambda column: pc.or_(pc.is_in(column, value_set=allowed), pc.is_null(column)))

    return holds


def _range(name: str, bounds: Range) -> Iterator[Rule]:
    bounded = [
        (words, compare, limit)
        for words, compare, limit in (
            ("at least", pc.greater_equal, bounds.minimum),
            ("at most", pc.less_equal, bounds.maximum),
        )
        if limit is not None
    ]

    def holds(rows: pa.Table) -> pa.Array:
        values = combined(rows.column(name))
        return reduce(pc.and_kleene, (compare(values, limit) for _, compare, limit in bounded))

    if bounded:
        limits = " and ".join(f"{words} {limit:f}" for words, _, limit in bounded)
        yield Rule("out-of-range", name, holds, f"it must be {limits}")


def _line_total(contract: Contract) -> Iterator[Rule]:
    total = "gross_amount" if contract.amounts.include else "net_amount"
    if {total, "quantity", "unit_price"} <= set(contract.columns):
        agrees = _total_agrees(total, contract.line_total_tolerance)
        yield Rule("line-total-mismatch", total, agrees, _total, reads=_TERMS)


def _total_agrees(name: str, tolerance: Decimal) -> Holds:
    def holds(rows: pa.Table) -> pa.Array:
        net = combined(rows.column(name))
        total, _ = line_total(*(combined(rows.column(name)) for name in _TERMS))
        agrees: npt.NDArray[np.bool_] = ~to_bool_array(pc.not_equal(net, total))
        differing = np.flatnonzero(~agrees)
        if len(differing):
            # wide enough for the difference of two amounts of opposite sign
            index, wide = pa.array(differing), pa.decimal256(40, 9)
            difference = pc.subtract(pc.cast(net.take(index), wide), pc.cast(total.take(index), wide))
            agrees[differing] = to_bool_array(
                pc.less_equal(pc.abs(difference), pa.scalar(tolerance, pa.decimal256(50, 18)))
            )
        return pa.array(agrees)

    return holds


def _total(quantity: pa.Array, unit_price: pa.Array, discount: pa.Array) -> pa.Array:
    return format_values(line_total(quantity, unit_price, discount)[0])
