"""The pipeline room: cells as text, trimmed, with NULL only where the contract says so."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array; copied only where it is in several pieces."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def trimmed(column: pa.Array | pa.ChunkedArray, missing: Sequence[str] = ()) -> pa.Array:
    """Outer whitespace (no-break spaces too) taken off; NULL where nothing or a word of `missing` is left."""
    text = whole(column)
    if text.null_count:
        text = pc.fill_null(text, "")
    if text.offset or _may_have_space(text):
        text = pc.utf8_trim_whitespace(text)
    void = pc.is_in(text, value_set=pa.array(["", *missing])) if missing else pc.equal(text, "")
    if not pc.any(void).as_py():
        return text
    # Only the validity bits are new; copying the text with if_else costs several times as much.
    _, offsets, data = text.buffers()
    return pa.Array.from_buffers(pa.string(), len(text), [pc.invert(void).buffers()[1], offsets, data])


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
