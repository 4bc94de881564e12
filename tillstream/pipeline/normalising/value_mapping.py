"""Value mapping of one column by the contract: value maps, markers for missing values, defaults."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.rows.text_column import EncodedText, distinct, to_bool_array


def map_values(text: EncodedText, values: Mapping[str, str], missing: tuple[str, ...]) -> EncodedText:
    """Replace words by `values` and keep other words; NULL for the words of `missing` and for empty results."""
    words = text.words
    if values:
        position = pc.index_in(words, value_set=pa.array(values.keys(), pa.string()))
        words = pc.coalesce(pa.array(values.values(), pa.string()).take(position), words)
    is_null = pc.is_in(words, value_set=pa.array(["", *missing]))
    return distinct(pc.if_else(is_null, None, words), text.index)


def fill_default(text: EncodedText, value: str) -> EncodedText:
    """Replace NULL by `value`."""
    return distinct(pc.fill_null(text.words, value), text.index)


def is_missing(text: EncodedText) -> npt.NDArray[np.bool_]:
    """bool (m,): which distinct words are NULL."""
    return to_bool_array(pc.is_null(text.words))
