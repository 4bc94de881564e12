"""Ids that spreadsheets or programs spelled differently. Ids are text; intact ones are kept as written."""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.id_patterns import IdPattern
from tillstream.domain.contract.model import float_id, whole_id
from tillstream.pipeline.rows.text_column import EncodedText, data_bytes, distinct, to_bool_array
from tillstream.pipeline.rows.types import Mask

_SCIENTIFIC = r"^-?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,3}$"


def is_scientific(words: pa.Array) -> Mask:
    """bool (m,): ids in scientific notation such as 1.23E+11, whose last digits are lost. 1E5 is a valid id."""
    if not (data_bytes(words) == ord("+")).any():
        return np.zeros(len(words), np.bool_)
    return to_bool_array(pc.match_substring_regex(words, _SCIENTIFIC))


def are_float_ids(words: pa.Array, decimal: str) -> Mask:
    """bool (m,): ids with a decimal part of zeros (12557.0), if there are at least two ids and all are whole numbers,
    with such a part or without."""
    none = np.zeros(len(words), np.bool_)
    if len(words) - words.null_count < 2 or not (data_bytes(words) == ord(decimal)).any():
        return none
    sign = re.escape(decimal)
    if not pc.all(pc.match_substring_regex(words, f"^{whole_id(sign)}$")).as_py():
        return none
    return to_bool_array(pc.match_substring_regex(words, f"^{float_id(sign)}$"))


def strip_decimal_zeros(text: EncodedText, decimal: str) -> EncodedText:
    """Convert 12557.0 to 12557; keep other texts unchanged."""
    words = pc.replace_substring_regex(text.words, f"^{float_id(re.escape(decimal))}$", r"\1")
    return distinct(words, text.index)


def with_usual_spelling(text: EncodedText, patterns: Sequence[str]) -> EncodedText:
    """Write the ids that match one of the patterns as the first one; keep other texts unchanged."""
    words = _spelled(text.words, patterns)
    return text if words.equals(text.words) else distinct(words, text.index)


def spelled_texts(texts: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """As `with_usual_spelling`."""
    result: list[str] = _spelled(pa.array(texts, pa.string()), patterns).to_pylist()
    return result


def _spelled(words: pa.Array, patterns: Sequence[str]) -> pa.Array:
    first, *_ = parsed = [IdPattern.parse(text) for text in patterns]
    compact = pc.replace_substring_regex(pc.utf8_normalize(words, "NFKC"), r"\s+", "")
    digits = [pc.struct_field(pc.extract_regex(compact, one.expression), "digits") for one in parsed]
    number = pc.utf8_lpad(pc.coalesce(*digits), first.least_digits, "0")
    return pc.coalesce(pc.binary_join_element_wise(first.prefix, number, first.suffix, ""), words)
