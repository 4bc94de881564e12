"""Detect ids that spreadsheets or programs damaged. Ids are text; intact ones are kept as written."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import float_id
from tillstream.pipeline.rows.text_column import EncodedText, data_bytes, distinct, to_bool_array
from tillstream.pipeline.rows.types import Mask

_SCIENTIFIC = r"^-?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,3}$"


def is_scientific(words: pa.Array) -> Mask:
    """bool (m,): ids in scientific notation such as 1.23E+11, whose last digits are lost. 1E5 is a valid id."""
    if not (data_bytes(words) == ord("+")).any():
        return np.zeros(len(words), np.bool_)
    return to_bool_array(pc.match_substring_regex(words, _SCIENTIFIC))


def are_float_ids(words: pa.Array, decimal: str) -> bool:
    """Return True if there are at least two ids and all are whole numbers with a decimal part of zeros (12557.0)."""
    pattern = re.compile(float_id(re.escape(decimal)))
    ids = words.drop_null()
    if len(ids) < 2 or not pattern.fullmatch(ids[0].as_py()):
        return False
    return bool(pc.all(pc.match_substring_regex(ids, f"^{pattern.pattern}$")).as_py())


def strip_decimal_zeros(text: EncodedText, decimal: str) -> EncodedText:
    """Convert 12557.0 to 12557; keep other texts unchanged."""
    words = pc.replace_substring_regex(text.words, f"^{float_id(re.escape(decimal))}$", r"\1")
    return distinct(words, text.index)
