"""Ids are names and stay as they are written; what spreadsheets and programs did to them is told."""

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.rows.text_column import Texts, data_bytes, distinct, flags

_SHORTENED = r"^-?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,3}$"

Mask = npt.NDArray[np.bool_]


def shortened(words: pa.Array) -> Mask:
    """bool (m,): written as 1.23E+11, so that the last digits are lost. 1E5 is a name like any other."""
    if not (data_bytes(words) == ord("+")).any():
        return np.zeros(len(words), np.bool_)
    return flags(pc.match_substring_regex(words, _SHORTENED))


def all_floats(words: pa.Array, decimal: str) -> bool:
    """Whether every id is a whole number with a needless zero behind the decimal sign, and there are some."""
    looks = re.compile(rf"[0-9]+{re.escape(decimal)}0+")
    known = words.drop_null()
    if len(known) < 2 or not looks.fullmatch(known[0].as_py()):
        return False
    return bool(pc.all(pc.match_substring_regex(known, f"^{looks.pattern}$")).as_py())


def without_zeros(text: Texts, decimal: str) -> Texts:
    """12557.0 as 12557; other texts as they are."""
    words = pc.replace_substring_regex(text.words, rf"^([0-9]+){re.escape(decimal)}0+$", r"\1")
    return distinct(words, text.index)
