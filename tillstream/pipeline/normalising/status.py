"""Status of a sale line: from the status column, the prefix of the sale number, or the sign of an amount."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import IGNORE
from tillstream.domain.contract.sections import StatusRule
from tillstream.pipeline.normalising.source_columns import SourceColumns
from tillstream.pipeline.rows.schema import NUMERIC
from tillstream.pipeline.rows.text_column import to_bool_array

_ZERO = pa.scalar(0, NUMERIC)
_NEGATED = ("quantity", "discount", "tax", "net_amount", "gross_amount")
"""Amounts that a return negates; unit prices keep their sign."""


def read_status(source: SourceColumns, columns: Mapping[str, pa.Array]) -> pa.Array:
    """Return the status of each row, string (n,). columns: the quantity and the net amount of each row.

    Each rule applies only where the previous ones produced no status. An unknown word is an error, and no further rule
    applies to its row. A row that is not a sale is flagged as `not-a-sale`, and cancelled until staging sets it aside.
    """
    rule = source.contract.status
    status, unknown = pa.nulls(source.length, pa.string()), np.zeros(source.length, np.bool_)
    if source.maps("status"):
        words = source.mapped("status")
        statuses = _mapped_statuses(words.words, rule)
        status = statuses.take(pa.array(words.index))
        unknown = source.flag(
            to_bool_array(pc.and_(pc.is_valid(words.words), pc.is_null(statuses))),
            "word-not-allowed",
            "status",
            words,
            ", ".join(dict.fromkeys(rule.words)),
        )
        if IGNORE in rule.words.values():
            ignored = source.flag(to_bool_array(pc.equal(statuses, IGNORE)), "not-a-sale", "status", words)
            status = pc.if_else(pa.array(ignored), "cancelled", status)
    for prefix in sorted(rule.prefixes, key=len, reverse=True):
        number = source.mapped("sale_id")
        has_prefix = to_bool_array(pc.starts_with(number.words, prefix))[number.index]
        status = _fill_where(status, pa.array(has_prefix), rule.prefixes[prefix])
    for value, amount in ((rule.negative_quantity, "quantity"), (rule.negative_amount, "net_amount")):
        if value:
            status = _fill_where(status, pc.less(columns[amount], _ZERO), value)
    if rule.default:
        status = pc.fill_null(status, rule.default)
    return pc.if_else(pa.array(unknown), None, status) if unknown.any() else status


def _fill_where(status: pa.Array, condition: pa.Array, value: str) -> pa.Array:
    if not status.null_count:
        return status
    return pc.coalesce(status, pc.if_else(condition, value, pa.scalar(None, pa.string())))


def _mapped_statuses(words: pa.Array, rule: StatusRule) -> pa.Array:
    status_by_word = {word.strip().casefold(): status for word, status in rule.words.items()}
    statuses = [None if word is None else status_by_word.get(word.casefold()) for word in words.to_pylist()]
    return pa.array(statuses, pa.string())


def signed_returns(columns: Mapping[str, pa.Array], status: pa.Array) -> dict[str, pa.Array]:
    """Make the amounts of returns negative, for sources that write some or all of them without a minus sign."""
    returned = pc.fill_null(pc.equal(status, "returned"), fill_value=False)
    if not pc.any(returned).as_py():
        return {}
    return {name: pc.if_else(returned, pc.negate(pc.abs(columns[name])), columns[name]) for name in _NEGATED}
