"""Cells as text, trimmed, with NULL only where the contract says so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array; copied only where it is in several pieces."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array with each row's own value."""
    values = whole(column)
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def encoded(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """The column as one array of places among its distinct values."""
    values = whole(column)
    return values if pa.types.is_dictionary(values.type) else values.dictionary_encode()


def constant(text: str, length: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(length, np.int32), pa.array([text]))


def by_word(column: pa.Array | pa.ChunkedArray, judge: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """What `judge` makes of each row's text, asked once for each distinct one of an encoded column."""
    values = whole(column)
    return judge(values.dictionary).take(values.indices) if pa.types.is_dictionary(values.type) else judge(values)


@dataclass(frozen=True)
class Texts:
    """A column of text by its distinct words: row i is `words[index[i]]`."""

    words: pa.Array
    """string (m,), each once; NULL where nothing is left of a word, which may be so for several."""
    index: npt.NDArray[np.int32]
    """(n,)"""

    def rows(self) -> pa.DictionaryArray:
        """(n,), NULL where the word is."""
        if not self.words.null_count:
            return pa.DictionaryArray.from_arrays(self.index, self.words)
        there = flags(pc.is_valid(self.words))
        places = (np.cumsum(there) - 1).astype(np.int32)
        index = pa.array(places[self.index], mask=~there[self.index])
        return pa.DictionaryArray.from_arrays(index, self.words.drop_null())

    def plain(self) -> pa.Array:
        """string (n,)"""
        return self.words.take(pa.array(self.index))


def trimmed(column: pa.Array | pa.ChunkedArray, missing: Sequence[str] = ()) -> Texts:
    """Outer whitespace (no-break spaces too) taken off; NULL where nothing or a word of `missing` is left."""
    cells = encoded(pc.fill_null(column, "") if column.null_count else column)
    words, index = cells.dictionary, cells.indices.to_numpy()
    if words.offset or _may_have_space(words):
        bare = pc.utf8_trim_whitespace(words).dictionary_encode()
        words, index = bare.dictionary, bare.indices.to_numpy()[index]
    void = pc.is_in(words, value_set=pa.array(["", *missing]))
    return Texts(pc.if_else(void, None, words) if pc.any(void).as_py() else words, index)


def distinct(words: pa.Array, index: npt.NDArray[np.int32]) -> Texts:
    """Words of which several may be the same, as `Texts`."""
    each = pc.dictionary_encode(words, null_encoding="encode")
    return Texts(each.dictionary, each.indices.to_numpy()[index])


def _may_have_space(text: pa.Array) -> bool:
    """Most ids, numbers and dates have no byte that could be white, which is cheaper to see than trimming them."""
    written = data_bytes(text)
    return len(written) > 0 and (bool(written.min() <= ord(" ")) or bool(written.max() > ord("~")))


def data_bytes(text: pa.Array) -> npt.NDArray[np.uint8]:
    """uint8: the bytes of all texts in a row, those under nulls too."""
    _, offsets, data = text.buffers()
    if data is None or not len(text):
        return np.empty(0, np.uint8)
    ends = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    return np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]


def flags(mask: pa.Array) -> npt.NDArray[np.bool_]:
    """bool (n,): an Arrow mask, NULL being no."""
    filled: npt.NDArray[np.bool_] = pc.fill_null(mask, fill_value=False).to_numpy(zero_copy_only=False)
    return filled
