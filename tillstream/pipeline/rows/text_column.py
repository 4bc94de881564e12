"""Dictionary-encoded text columns: trimming, missing values, and operations on distinct texts ("words")."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def combined(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array; copied only if it has several chunks."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def decoded(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array without dictionary encoding."""
    values = combined(column)
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def encoded(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """The column as one dictionary-encoded array."""
    values = combined(column)
    return values if pa.types.is_dictionary(values.type) else values.dictionary_encode()


def constant(text: str, length: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(length, np.int32), pa.array([text]))


def map_distinct(column: pa.Array | pa.ChunkedArray, judge: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Apply `judge` to each row's text; for an encoded column, once per distinct text."""
    values = combined(column)
    return judge(values.dictionary).take(values.indices) if pa.types.is_dictionary(values.type) else judge(values)


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
    cells = encoded(pc.fill_null(column, "") if column.null_count else column)
    words, index = cells.dictionary, cells.indices.to_numpy()
    if words.offset or _may_have_space(words):
        stripped = pc.utf8_trim_whitespace(words).dictionary_encode()
        words, index = stripped.dictionary, stripped.indices.to_numpy()[index]
    is_missing = pc.is_in(words, value_set=pa.array(["", *missing]))
    return EncodedText(pc.if_else(is_missing, None, words) if pc.any(is_missing).as_py() else words, index)


def as_sent(column: pa.Array | pa.ChunkedArray) -> EncodedText:
    """The texts unchanged; only NULL is a missing value."""
    texts = pc.dictionary_encode(combined(column), null_encoding="encode")
    return EncodedText(texts.dictionary, texts.indices.to_numpy())


def distinct(words: pa.Array, index: npt.NDArray[np.int32]) -> EncodedText:
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
