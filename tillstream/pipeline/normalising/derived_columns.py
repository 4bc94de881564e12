"""Columns that the contract makes of the source's own: joined texts, and parts of a text."""

from collections.abc import Callable
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.values import Made
from tillstream.pipeline.rows.text_column import Texts, flags


def make(rule: Made, text: Callable[[str], Texts]) -> pa.Array:
    """string (n,), empty where there is nothing. text: the trimmed texts of a header."""
    if rule.join:
        columns = [pc.fill_null(text(header).plain(), "") for header in rule.join]
        return reduce(lambda one, other: _joined(one, other, rule.between), columns)
    whole = text(rule.split)
    return Texts(_part(whole.words, rule.by, rule.part), whole.index).plain()


def _joined(one: pa.Array, other: pa.Array, between: str) -> pa.Array:
    both = pc.and_(pc.not_equal(one, ""), pc.not_equal(other, ""))
    return pc.binary_join_element_wise(one, pc.if_else(both, between, ""), other, "")


def _part(words: pa.Array, by: str, part: int) -> pa.Array:
    pieces = pc.split_pattern(words, by)
    count = pc.fill_null(pc.list_value_length(pieces), 0).to_numpy()
    place = part - 1 if part > 0 else count + part
    there = (place >= 0) & (place < count) & flags(pc.is_valid(words))
    where = np.where(there, pieces.offsets.to_numpy()[:-1] + place, 0)
    return pc.fill_null(pieces.values.take(pa.array(where, mask=~there)), "")
