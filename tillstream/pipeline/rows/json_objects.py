"""The source's other columns as one JSON object of text, put together by columns."""

import json
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.rows.text_column import data_bytes


def json_objects(columns: Mapping[str, pa.Array], length: int) -> pa.Array:
    """string (length,): the columns in their order, NULL values left out; NULL where nothing is left."""
    columns = {name: values for name, values in columns.items() if values.null_count < length}
    if not columns:
        return pa.nulls(length, pa.string())
    full = [name for name, values in columns.items() if not values.null_count]
    if not full:
        # Joining with null_handling="skip" would need no comma in front, but drops rows in which all are NULL.
        members = [_member(name, values, ",") for name, values in columns.items()]
        inside = pc.binary_join_element_wise("", *members, "", null_handling="replace", null_replacement="")
        objects = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(inside, 1), "}", "")
        return pc.if_else(pc.equal(inside, ""), None, objects)
    # A column without gaps settles where the commas go, so that all is put together in one pass.
    parts: list[pa.Array | str] = ["{"]
    before, after = "", ","
    for name, values in columns.items():
        if values.null_count:
            parts.append(_member(name, values, before, after))
            continue
        parts += [before + _opening(name), _escaped(values), '"']
        before, after = ",", ""
    return pc.binary_join_element_wise(*parts, "}", "", null_handling="replace", null_replacement="")


def _opening(name: str) -> str:
    return json.dumps(name, ensure_ascii=False) + ':"'


def _member(name: str, values: pa.Array, before: str = "", after: str = "") -> pa.Array:
    """NULL where the value is."""
    return pc.binary_join_element_wise(before + _opening(name), _escaped(values), '"' + after, "")


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
