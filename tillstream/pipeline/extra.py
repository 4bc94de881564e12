"""The pipeline room: the source's other columns as one JSON object of text, put together by columns."""

import json
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.text import data_bytes


def json_objects(columns: Mapping[str, pa.Array], length: int) -> pa.Array:
    """string (length,): the columns in their order, NULL values left out; NULL where nothing is left."""
    if not columns:
        return pa.nulls(length, pa.string())
    pieces: list[pa.Array] = []
    run: list[pa.Array | str] = []
    for name, values in columns.items():
        text = _escaped(values)
        opening, closing = json.dumps(name, ensure_ascii=False) + ':"', '"'
        if values.null_count:
            # A run of columns without gaps is one concatenation; a column with gaps must be able to vanish alone.
            pieces += _joined(run)
            run = []
            pieces += _joined([opening, text, closing])
        else:
            run += ["," + opening if run else opening, text, closing]
    pieces += _joined(run)
    inside = pc.binary_join_element_wise(*pieces, ",", null_handling="skip") if len(pieces) > 1 else pieces[0]
    objects = pc.binary_join_element_wise("{", inside, "}", "")
    if all(values.null_count for values in columns.values()):
        return pc.if_else(pc.equal(objects, "{}"), None, objects)
    return objects


def _joined(parts: list[pa.Array | str]) -> list[pa.Array]:
    return [pc.binary_join_element_wise(*parts, "")] if parts else []


def _escaped(text: pa.Array) -> pa.Array:
    """As JSON wants it inside quotes; most columns need nothing, which their bytes tell at once."""
    written = data_bytes(text)
    special = (written < ord(" ")) | (written == ord('"')) | (written == ord("\\"))
    if not special.any():
        return text
    # The backslash first: the other escapes add new ones.
    for sign in sorted(map(chr, np.unique(written[special]).tolist()), key=lambda sign: sign != "\\"):
        text = pc.replace_substring(text, sign, json.dumps(sign)[1:-1])
    return text
