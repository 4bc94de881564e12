"""Columns that a contract derives from source columns: joined texts, parts of a text, marks of filled cells, signs
of amounts, and words at the start or the end of a text."""

from collections.abc import Callable
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.edge_words import edge_words
from tillstream.domain.contract.values import Made
from tillstream.domain.money.signs import NO_SIGN
from tillstream.pipeline.rows.text_column import EncodedText, to_bool_array


def derive(rule: Made, text: Callable[[str], EncodedText]) -> pa.Array:
    """Compute a derived column: string (n,), "" for missing. text: returns the trimmed texts of a header."""
    if rule.join:
        columns = [pc.fill_null(text(header).plain(), "") for header in rule.join]
        return reduce(lambda left, right: _joined(left, right, rule.between), columns)
    if rule.filled:
        filled = pc.not_equal(pc.fill_null(text(rule.filled).plain(), ""), "")
        return pc.if_else(filled, rule.word, "")
    if rule.sign_of:
        amounts = text(rule.sign_of)
        return EncodedText(
            pc.fill_null(pc.replace_substring_regex(amounts.words, NO_SIGN, ""), ""), amounts.index
        ).plain()
    if rule.word_of:
        texts = text(rule.word_of)
        words = edge_words(texts.words.to_pylist(), rule.words)
        return EncodedText(pa.array(words, pa.string()), texts.index).plain()
    source = text(rule.split)
    return EncodedText(_part(source.words, rule.by, rule.part), source.index).plain()


def _joined(left: pa.Array, right: pa.Array, between: str) -> pa.Array:
    both_present = pc.and_(pc.not_equal(left, ""), pc.not_equal(right, ""))
    return pc.binary_join_element_wise(left, pc.if_else(both_present, between, ""), right, "")


def _part(texts: pa.Array, by: str, part: int) -> pa.Array:
    pieces = pc.split_pattern(texts, by)
    count = pc.fill_null(pc.list_value_length(pieces), 0).to_numpy()
    position = part - 1 if part > 0 else count + part
    exists = (position >= 0) & (position < count) & to_bool_array(pc.is_valid(texts))
    index = np.where(exists, pieces.offsets.to_numpy()[:-1] + position, 0)
    return pc.fill_null(pieces.values.take(pa.array(index, mask=~exists)), "")
