"""Build one JSON object per row from text columns, a whole column at a time."""

import json
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.rows.text_column import data_bytes


def json_objects(columns: Mapping[str, pa.Array], length: int) -> pa.Array:
    """string (length,): one JSON object per row, columns in order, without NULL values; NULL if all values are NULL."""
    columns = {name: values for name, values in columns.items() if values.null_count < length}
    if not columns:
        return pa.nulls(length, pa.string())
    full = [name for name, values in columns.items() if not values.null_count]
    if not full:
        # null_handling="skip" would need no leading comma, but loses the rows in which all values are NULL.
        members = [_member(name, values, ",") for name, values in columns.items()]
        inside = pc.binary_join_element_wise("", *members, "", null_handling="replace", null_replacement="")
        objects = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(inside, 1), "}", "")
        return pc.if_else(pc.equal(inside, ""), None, objects)
    # A column without nulls fixes the position of the commas, so one join builds the whole object.
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
    """Return `"name":"value"` for each row; NULL where the value is NULL."""
    return pc.binary_join_element_wise(before + _opening(name), _escaped(values), '"' + after, "")


def _escaped(text: pa.Array) -> pa.Array:
    """Escape text for a JSON string. Most columns need no escaping, which a scan of their bytes shows."""
    raw = data_bytes(text)
    special = (raw < ord(" ")) | (raw == ord('"')) | (raw == ord("\\"))
    if not special.any():
        return text
    # Backslashes first, since the other escapes add backslashes.
    for character in sorted(map(chr, np.unique(raw[special]).tolist()), key=lambda character: character != "\\"):
        text = pc.replace_substring(text, character, json.dumps(character)[1:-1])
    return text
