"""The pipeline room: the rules of a sale line, as data. Each is named by its code in the catalogue of problems."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import BY_NAME, Kind
from tillstream.domain.contract import Contract, Range
from tillstream.pipeline.findings import written
from tillstream.pipeline.money import line_total
from tillstream.pipeline.normalise import NORMALISED
from tillstream.pipeline.text import flags, whole

ZERO = Decimal(0)
_PRESENT = frozenset(column.name for column in NORMALISED)
_REQUIRED = tuple(column.name for column in NORMALISED if column.required and column.name != "line_key")
_MADE_OF = {
    "sale_id": frozenset({"sale_id", "store_id"}),
    "net_amount": frozenset({"net_amount", "quantity", "unit_price", "discount"}),
}
"""A column that is NULL because another one was refused is not refused a second time."""
_TERMS = ("quantity", "unit_price", "discount")


@dataclass(frozen=True)
class Rule:
    """`holds` takes a frame of Arrow-backed columns and gives a boolean per row; NA holds."""

    code: str
    column: str
    holds: "Callable[[pd.DataFrame], pd.Series[bool]]"
    detail: str | Callable[..., pa.Array] = ""
    """Words for every row, or a text per row made from the columns it `reads`."""
    unless: frozenset[str] = frozenset()
    """Rows with an error in one of these columns are not asked."""
    reads: tuple[str, ...] = ()
    """The columns besides its own."""


def rules_of(contract: Contract, received_date: date) -> Iterator[Rule]:
    for name in (*_REQUIRED, *(["line_key"] if contract.numbered else [])):
        yield Rule("missing-required", name, _given(name), unless=_MADE_OF.get(name, frozenset({name})))
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
    if {"net_amount", "quantity", "unit_price"} <= set(contract.columns):
        agrees = _total_agrees(contract.line_total_tolerance)
        yield Rule("line-total-mismatch", "net_amount", agrees, _total, reads=_TERMS)
    yield Rule("future-date", "sale_date", lambda frame: frame["sale_date"] <= received_date)
    yield Rule("zero-price", "unit_price", lambda frame: frame["unit_price"] != ZERO)
    yield Rule("negative-price", "unit_price", lambda frame: frame["unit_price"] >= ZERO)
    yield Rule("negative-quantity", "quantity", _sold_or_returned, reads=("status",))
    yield Rule("positive-return", "quantity", _takes_back, reads=("status",))


def _sold_or_returned(frame: pd.DataFrame) -> "pd.Series[bool]":
    return (frame["quantity"] >= ZERO) | (frame["status"] == "returned")


def _takes_back(frame: pd.DataFrame) -> "pd.Series[bool]":
    return (frame["quantity"] <= ZERO) | (frame["status"] != "returned")


def _given(name: str) -> "Callable[[pd.DataFrame], pd.Series[bool]]":
    return lambda frame: frame[name].notna()


def _one_of(name: str, words: tuple[str, ...]) -> "Callable[[pd.DataFrame], pd.Series[bool]]":
    def holds(frame: pd.DataFrame) -> "pd.Series[bool]":
        values = frame[name]
        if BY_NAME[name].kind is not Kind.STRING:
            values = pd.Series(pd.array(written(arrow(values)), dtype=pd.ArrowDtype(pa.string())))
        return values.isin(words) | values.isna()

    return holds


def _range(name: str, bounds: Range) -> Iterator[Rule]:
    low, high = bounds.minimum, bounds.maximum
    limits = [f"{side} {limit:f}" for side, limit in (("at least", low), ("at most", high)) if limit is not None]

    def holds(frame: pd.DataFrame) -> "pd.Series[bool]":
        values = frame[name]
        least = values >= (values if low is None else low)
        return least if high is None else least & (values <= high)

    if limits:
        yield Rule("out-of-range", name, holds, f"it must be {' and '.join(limits)}")


def _total_agrees(tolerance: Decimal) -> "Callable[[pd.DataFrame], pd.Series[bool]]":
    def holds(frame: pd.DataFrame) -> "pd.Series[bool]":
        net = arrow(frame["net_amount"])
        total, _ = line_total(*(arrow(frame[name]) for name in _TERMS))
        near: npt.NDArray[np.bool_] = ~flags(pc.not_equal(net, total))
        other = np.flatnonzero(~near)
        if len(other):
            # As wide as two amounts of opposite sign can be apart.
            rows, wide = pa.array(other), pa.decimal256(40, 9)
            apart = pc.subtract(pc.cast(net.take(rows), wide), pc.cast(total.take(rows), wide))
            near[other] = flags(pc.less_equal(pc.abs(apart), pa.scalar(tolerance, pa.decimal256(50, 18))))
        return pd.Series(near)

    return holds


def _total(quantity: pa.Array, unit_price: pa.Array, discount: pa.Array) -> pa.Array:
    return written(line_total(quantity, unit_price, discount)[0])


def arrow(values: "pd.Series[Any]") -> pa.Array:
    """The Arrow array behind a column of a frame; nothing is copied where it is in one piece."""
    return whole(pa.array(values))
