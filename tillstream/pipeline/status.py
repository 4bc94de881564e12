"""The pipeline room: the status of a line, from the source's words, the sale number's prefix or the quantity."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.styles import StatusRule
from tillstream.pipeline.findings import Findings
from tillstream.pipeline.schema import NUMERIC
from tillstream.pipeline.text import Texts, flags


def read_status(
    words: Texts | None, number: Texts | None, quantity: pa.Array, rule: StatusRule, findings: Findings
) -> pa.Array:
    """string (n,). words: the mapped column or None; number: the sale number as the source writes it, or None.

    Each way is asked only where the ones before said nothing; an unknown word is refused and not asked further.
    """
    length = len(quantity)
    status, unknown = pa.nulls(length, pa.string()), np.zeros(length, np.bool_)
    if words is not None:
        means = _meanings(words.words, rule)
        status = means.take(pa.array(words.index))
        unknown = flags(pc.and_(pc.is_valid(words.words), pc.is_null(means)))[words.index]
        known = ", ".join(dict.fromkeys(rule.words))
        findings.add_where(unknown, "word-not-allowed", "status", words.rows(), known)
    if number is not None:
        for prefix in sorted(rule.prefixes, key=len, reverse=True):
            holds = flags(pc.starts_with(number.words, prefix))[number.index]
            status = _where_open(status, pa.array(holds), rule.prefixes[prefix])
    if rule.negative_quantity:
        status = _where_open(status, pc.less(quantity, pa.scalar(0, NUMERIC)), rule.negative_quantity)
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
