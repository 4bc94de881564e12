"""What the words of one column mean by the contract: value maps, words for missing, defaults."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.rows.text_column import Texts, distinct, flags


def meant(text: Texts, values: Mapping[str, str], missing: tuple[str, ...]) -> Texts:
    """Each word as `values` has it, others as they are; NULL for the words of `missing` and for what means nothing."""
    words = text.words
    if values:
        place = pc.index_in(words, value_set=pa.array(values.keys(), pa.string()))
        words = pc.coalesce(pa.array(values.values(), pa.string()).take(place), words)
    void = pc.is_in(words, value_set=pa.array(["", *missing]))
    return distinct(pc.if_else(void, None, words), text.index)


def filled(text: Texts, value: str) -> Texts:
    """`value` where there is none."""
    return distinct(pc.fill_null(text.words, value), text.index)


def empty(text: Texts) -> npt.NDArray[np.bool_]:
    """bool (m,), of the words."""
    return flags(pc.is_null(text.words))
