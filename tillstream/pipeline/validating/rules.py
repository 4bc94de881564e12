"""The rules of a sale line, as data. Each is named by its code in the catalogue of problems."""

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
from tillstream.pipeline.rows.issues import written
from tillstream.pipeline.rows.text_column import by_word, flags, whole

ZERO = Decimal(0)
_PRESENT = frozenset(column.name for column in NORMALISED)
_REQUIRED = tuple(column.name for column in NORMALISED if column.required and column.name != "line_key")
_MADE_OF = {
    "sale_id": frozenset({"sale_id", "store_id"}),
    "net_amount": frozenset({"net_amount", "quantity", "unit_price", "discount"}),
}
"""A column that is NULL because another one was refused is not refused a second time."""
_TERMS = ("quantity", "unit_price", "discount")


Holds = Callable[[pa.Table], pa.Array]


@dataclass(frozen=True)
class Rule:
    """`holds` takes the rows with the columns of `NORMALISED` and gives a boolean for each; NULL holds."""

    code: str
    column: str
    holds: Holds
    detail: str | Callable[..., pa.Array] = ""
    """Words for every row, or a text per row made from the columns it `reads`."""
    unless: frozenset[str] = frozenset()
    """Rows with an error in one of these columns are not asked."""
    reads: tuple[str, ...] = ()
    """The columns besides its own."""


def rules_of(contract: Contract, received_date: date) -> Iterator[Rule]:
    for name in _required(contract):
        yield Rule("missing-required", name, _given(name), unless=_unless(name, contract))
    for name in contract.expected:
        if name in _PRESENT:
            yield Rule("missing-expected", name, _given(name), unless=frozenset({name}))
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
    yield Rule("negative-quantity", "quantity", _sold_or_returned, reads=("status",))
    yield Rule("positive-return", "quantity", _takes_back, reads=("status",))


def _required(contract: Contract) -> list[str]:
    """Where a sale's name is made of other columns, it is their absence that is told."""
    numbered = [*_REQUIRED, *(["line_key"] if contract.numbered else [])]
    return [name for name in numbered if name != "sale_id" or name in contract.columns]


def _unless(name: str, contract: Contract) -> frozenset[str]:
    made_of = _MADE_OF.get(name, frozenset({name}))
    return made_of | {"gross_amount", "tax"} if name == "net_amount" and contract.amounts.include else made_of


def _compares(name: str, compare: Callable[..., pa.Array], bound: Decimal | date) -> Holds:
    return lambda rows: compare(whole(rows.column(name)), bound)


def _given(name: str) -> Holds:
    return lambda rows: pc.is_valid(whole(rows.column(name)))


def _returned(rows: pa.Table) -> pa.Array:
    return by_word(rows.column("status"), lambda words: pc.equal(words, "returned"))


def _sold_or_returned(rows: pa.Table) -> pa.Array:
    return pc.or_kleene(pc.greater_equal(whole(rows.column("quantity")), ZERO), _returned(rows))


def _takes_back(rows: pa.Table) -> pa.Array:
    return pc.or_kleene(pc.less_equal(whole(rows.column("quantity")), ZERO), pc.invert(_returned(rows)))


def _one_of(name: str, words: tuple[str, ...]) -> Holds:
    known = pa.array(words, pa.string())

    def holds(rows: pa.Table) -> pa.Array:
        values = rows.column(name)
        texts = values if BY_NAME[name].kind is Kind.STRING else written(whole(values))
        return by_word(texts, lambda each: pc.or_(pc.is_in(each, value_set=known), pc.is_null(each)))

    return holds


def _range(name: str, bounds: Range) -> Iterator[Rule]:
    sides = [
        (words, compare, limit)
        for words, compare, limit in (
            ("at least", pc.greater_equal, bounds.minimum),
            ("at most", pc.less_equal, bounds.maximum),
        )
        if limit is not None
    ]

    def holds(rows: pa.Table) -> pa.Array:
        values = whole(rows.column(name))
        return reduce(pc.and_kleene, (compare(values, limit) for _, compare, limit in sides))

    if sides:
        limits = " and ".join(f"{words} {limit:f}" for words, _, limit in sides)
        yield Rule("out-of-range", name, holds, f"it must be {limits}")


def _line_total(contract: Contract) -> Iterator[Rule]:
    total = "gross_amount" if contract.amounts.include else "net_amount"
    if {total, "quantity", "unit_price"} <= set(contract.columns):
        agrees = _total_agrees(total, contract.line_total_tolerance)
        yield Rule("line-total-mismatch", total, agrees, _total, reads=_TERMS)


def _total_agrees(name: str, tolerance: Decimal) -> Holds:
    def holds(rows: pa.Table) -> pa.Array:
        net = whole(rows.column(name))
        total, _ = line_total(*(whole(rows.column(name)) for name in _TERMS))
        near: npt.NDArray[np.bool_] = ~flags(pc.not_equal(net, total))
        other = np.flatnonzero(~near)
        if len(other):
            # As wide as two amounts of opposite sign can be apart.
            places, wide = pa.array(other), pa.decimal256(40, 9)
            apart = pc.subtract(pc.cast(net.take(places), wide), pc.cast(total.take(places), wide))
            near[other] = flags(pc.less_equal(pc.abs(apart), pa.scalar(tolerance, pa.decimal256(50, 18))))
        return pa.array(near)

    return holds


def _total(quantity: pa.Array, unit_price: pa.Array, discount: pa.Array) -> pa.Array:
    return written(line_total(quantity, unit_price, discount)[0])
