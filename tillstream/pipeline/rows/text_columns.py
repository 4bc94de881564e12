"""Columns of rows as arrays: their types and schemas, encoded texts, and what is computed on whole columns."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.columns import Column, ColumnKind, Field
from tillstream.model.safe_text import NEEDS_FORMULA_GUARD, guard_formulas, unguard_formulas

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

NUMERIC = pa.decimal128(38, 9)
TEXT = pa.dictionary(pa.int32(), pa.string())
"""Texts of sale lines repeat; dictionary encoding lets each step process a distinct text once."""

_ARROW_TYPES: dict[ColumnKind, pa.DataType] = {
    ColumnKind.STRING: pa.string(),
    ColumnKind.JSON: pa.string(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.TIMESTAMP: pa.timestamp("us", "UTC"),
    ColumnKind.NUMERIC: NUMERIC,
    ColumnKind.INT64: pa.int64(),
    ColumnKind.BOOL: pa.bool_(),
}

_SUM_CONTEXT = Context(prec=120)
_HALF_WORD = (1 << 32) - 1


def arrow_schema(columns: Iterable[Column | Field]) -> pa.Schema:
    """One Arrow field per column, in order, all nullable: a rejected row may lack any value.

    Raises `ValueError` for a hash column, whose type depends on the engine.
    """
    return pa.schema([pa.field(column.name, _ARROW_TYPES[ColumnKind(column.kind)]) for column in columns])


def lines_schema(columns: Iterable[Column]) -> pa.Schema:
    """Like `arrow_schema`, with text columns as `TEXT`; JSON rarely repeats and stays `string`."""
    fields = arrow_schema(columns)
    texts = {column.name for column in columns if column.kind is ColumnKind.STRING}
    return pa.schema([field.with_type(TEXT) if field.name in texts else field for field in fields])


def exact_sum(values: pa.Array) -> Decimal | None:
    """Sum a NUMERIC (n,) array exactly, for any number of rows; None if every value is null."""
    if values.null_count == len(values):
        return None
    present = values.drop_null()
    # Each value is a count of billionths in two 64-bit words; summing 32-bit halves cannot overflow.
    words = np.frombuffer(present.buffers()[1], np.int64).reshape(-1, 2)[present.offset :][: len(present)]
    low, high = words[:, 0].view(np.uint64), words[:, 1]
    upper = (int((high >> 32).sum()) << 32) + int((high & _HALF_WORD).sum())
    lower = (int((low >> np.uint64(32)).sum()) << 32) + int((low & np.uint64(_HALF_WORD)).sum())
    return _SUM_CONTEXT.scaleb(Decimal((upper << 64) + lower), -9)


def combine_chunks(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array; copied only if it has several chunks."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def decode_texts(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array without dictionary encoding."""
    values = combine_chunks(column)
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def encode_texts(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """The column as one dictionary-encoded array."""
    values = combine_chunks(column)
    return values if pa.types.is_dictionary(values.type) else values.dictionary_encode()


def constant_column(text: str, length: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(length, np.int32), pa.array([text]))


@dataclass(frozen=True)
class EncodedText:
    """A text column as distinct words and an index: row i is `words[index[i]]`."""

    words: pa.Array
    """string (m,), unique; NULL for missing values, possibly more than once."""
    index: npt.NDArray[np.int32]
    """(n,)"""

    def rows(self) -> pa.DictionaryArray:
        """The column as a dictionary array (n,); NULL where the word is NULL."""
        if not self.words.null_count:
            return pa.DictionaryArray.from_arrays(self.index, self.words)
        valid = to_bool_array(pc.is_valid(self.words))
        new_index = (np.cumsum(valid) - 1).astype(np.int32)
        index = pa.array(new_index[self.index], mask=~valid[self.index])
        return pa.DictionaryArray.from_arrays(index, self.words.drop_null())

    def plain(self) -> pa.Array:
        """The column as an array of strings (n,)."""
        return self.words.take(pa.array(self.index))


def strip_and_mask(column: pa.Array | pa.ChunkedArray, missing: Sequence[str] = ()) -> EncodedText:
    """Strip whitespace, including no-break spaces; empty texts and words of `missing` become NULL."""
    cells = encode_texts(pc.fill_null(column, "") if column.null_count else column)
    words, index = cells.dictionary, cells.indices.to_numpy()
    if words.offset or _may_have_space(words):
        stripped = pc.utf8_trim_whitespace(words).dictionary_encode()
        words, index = stripped.dictionary, stripped.indices.to_numpy()[index]
    is_missing = pc.is_in(words, value_set=pa.array(["", *missing]))
    return EncodedText(pc.if_else(is_missing, None, words) if pc.any(is_missing).as_py() else words, index)


def encode_as_sent(column: pa.Array | pa.ChunkedArray) -> EncodedText:
    """The texts unchanged; only NULL is a missing value."""
    texts = pc.dictionary_encode(combine_chunks(column), null_encoding="encode")
    return EncodedText(texts.dictionary, texts.indices.to_numpy())


def distinct_words(words: pa.Array, index: npt.NDArray[np.int32]) -> EncodedText:
    """`EncodedText` from words that may contain duplicates."""
    unique = pc.dictionary_encode(words, null_encoding="encode")
    return EncodedText(unique.dictionary, unique.indices.to_numpy()[index])


def _may_have_space(text: pa.Array) -> bool:
    """Whether a byte can be part of whitespace. Most columns have none, and this check is cheaper than trimming."""
    raw = data_bytes(text)
    return len(raw) > 0 and (bool(raw.min() <= ord(" ")) or bool(raw.max() > ord("~")))


def data_bytes(text: pa.Array) -> npt.NDArray[np.uint8]:
    """uint8: the concatenated bytes of all texts, including those under nulls."""
    _, offsets, data = text.buffers()
    if data is None or not len(text):
        return np.empty(0, np.uint8)
    ends = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    return np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]


def to_bool_array(mask: pa.Array) -> npt.NDArray[np.bool_]:
    """bool (n,): an Arrow mask with NULL as False."""
    filled: npt.NDArray[np.bool_] = pc.fill_null(mask, fill_value=False).to_numpy(zero_copy_only=False)
    return filled


def json_objects(columns: Mapping[str, pa.Array], length: int) -> pa.Array:
    """string (length,): one JSON object per row, columns in order, without NULL values; NULL if all values are NULL."""
    columns = {name: values for name, values in columns.items() if values.null_count < length}
    if not columns:
        return pa.nulls(length, pa.string())
    full = [name for name, values in columns.items() if not values.null_count]
    if not full:
        # null_handling="skip" would need no leading comma, but loses the rows in which all values are NULL.
        members = [_json_member(name, values, ",") for name, values in columns.items()]
        inside = pc.binary_join_element_wise("", *members, "", null_handling="replace", null_replacement="")
        objects = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(inside, 1), "}", "")
        return pc.if_else(pc.equal(inside, ""), None, objects)
    # A column without nulls fixes the position of the commas, so one join builds the whole object.
    parts: list[pa.Array | str] = ["{"]
    before, after = "", ","
    for name, values in columns.items():
        if values.null_count:
            parts.append(_json_member(name, values, before, after))
            continue
        parts += [before + _json_opening(name), _json_escaped(values), '"']
        before, after = ",", ""
    return pc.binary_join_element_wise(*parts, "}", "", null_handling="replace", null_replacement="")


def _json_opening(name: str) -> str:
    return json.dumps(name, ensure_ascii=False) + ':"'


def _json_member(name: str, values: pa.Array, before: str = "", after: str = "") -> pa.Array:
    """Return `"name":"value"` for each row; NULL where the value is NULL."""
    return pc.binary_join_element_wise(before + _json_opening(name), _json_escaped(values), '"' + after, "")


def _json_escaped(text: pa.Array) -> pa.Array:
    """Escape text for a JSON string. Most columns need no escaping, which a scan of their bytes shows."""
    raw = data_bytes(text)
    special = (raw < ord(" ")) | (raw == ord('"')) | (raw == ord("\\"))
    if not special.any():
        return text
    # Backslashes first, since the other escapes add backslashes.
    for character in sorted(map(chr, np.unique(raw[special]).tolist()), key=lambda character: character != "\\"):
        text = pc.replace_substring(text, character, json.dumps(character)[1:-1])
    return text


def guard_column(column: Any) -> Any:
    """Apply `guard_formulas` to each text; null stays null."""
    return _replace_texts(column, guard_formulas)


def unguard_column(column: Any) -> Any:
    """Apply `unguard_formulas` to each text; null stays null. A text with a guard also matches
    `NEEDS_FORMULA_GUARD`."""
    return _replace_texts(column, unguard_formulas)


def _replace_texts(column: Any, change: Callable[[str], str]) -> Any:
    matches = pc.fill_null(pc.match_substring_regex(column, NEEDS_FORMULA_GUARD), False)
    if not pc.any(matches).as_py():
        return column
    texts = pa.array(map(change, column.filter(matches).to_pylist()), column.type)
    return pc.replace_with_mask(column, matches, texts)
