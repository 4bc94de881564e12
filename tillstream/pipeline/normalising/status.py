"""The status of a line: the source's word, the sale number's prefix, or the sign of an amount."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.sections import StatusRule
from tillstream.pipeline.normalising.source_columns import Source
from tillstream.pipeline.rows.schema import NUMERIC
from tillstream.pipeline.rows.text_column import flags

_ZERO = pa.scalar(0, NUMERIC)
_COUNTED = ("quantity", "discount", "tax", "net_amount", "gross_amount")
"""What a return takes back; the prices of one unit keep their sign."""


def read_status(source: Source, columns: Mapping[str, pa.Array]) -> pa.Array:
    """string (n,). columns: the quantity and the net amount of each row.

    Each way is asked only where the ones before said nothing; an unknown word is refused and not asked further.
    """
    rule = source.contract.status
    status, unknown = pa.nulls(source.length, pa.string()), np.zeros(source.length, np.bool_)
    if source.maps("status"):
        words = source.mapped("status")
        means = _meanings(words.words, rule)
        status = means.take(pa.array(words.index))
        unknown = source.tell(
            flags(pc.and_(pc.is_valid(words.words), pc.is_null(means))),
            "word-not-allowed",
            "status",
            words,
            ", ".join(dict.fromkeys(rule.words)),
        )
    for prefix in sorted(rule.prefixes, key=len, reverse=True):
        number = source.mapped("sale_id")
        holds = flags(pc.starts_with(number.words, prefix))[number.index]
        status = _where_open(status, pa.array(holds), rule.prefixes[prefix])
    for meaning, amount in ((rule.negative_quantity, "quantity"), (rule.negative_amount, "net_amount")):
        if meaning:
            status = _where_open(status, pc.less(columns[amount], _ZERO), meaning)
    if rule.default:
        status = pc.fill_null(status, rule.default)
    return pc.if_else(pa.array(unknown), None, status) if unknown.any() else status


def _where_open(status: pa.Array, holds: pa.Array, meaning: str) -> pa.Array:
    if not status.null_count:
        return status
    return pc.coalesce(status, pc.if_else(holds, meaning, pa.scalar(None, pa.string())))


def _meanings(words: pa.Array, rule: StatusRule) -> pa.Array:
    meaning = {word.strip().casefold(): status for word, status in rule.words.items()}
    means = [None if word is None else meaning.get(word.casefold()) for word in words.to_pylist()]
    return pa.array(means, pa.string())


def signed_returns(columns: Mapping[str, pa.Array], status: pa.Array) -> dict[str, pa.Array]:
    """The counted columns of a source that writes its returns without a minus, with it."""
    returned = pc.fill_null(pc.equal(status, "returned"), fill_value=False)
    if not pc.any(returned).as_py():
        return {}
    return {name: pc.if_else(returned, pc.negate(columns[name]), columns[name]) for name in _COUNTED}
