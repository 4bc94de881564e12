"""Find the records of a block that are not UTF-8."""

import numpy as np
import pyarrow as pa

from tillstream.pipeline.reading.delimited.records import Bools, Ints, Layout


def undecodable_records(data: bytes, layout: Layout, is_parsed: Bools) -> Ints:
    """Indices of the parsed records that are not UTF-8."""
    covered = memoryview(data)[: layout.size]
    if data.isascii() or _is_utf8_block(covered):
        return np.empty(0, np.int64)
    high = np.flatnonzero(np.frombuffer(covered, np.uint8) > 127)
    suspects = np.unique(np.searchsorted(layout.starts, high, side="right") - 1)
    invalid = [
        i
        for i in suspects[is_parsed[suspects]].tolist()
        if not _is_utf8_record(data[layout.starts[i] : layout.ends[i]])
    ]
    return np.array(invalid, np.int64)


def _is_utf8_record(record: bytes) -> bool:
    try:
        record.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8_block(data: memoryview) -> bool:
    """Validate UTF-8 without decoding the whole block into a string."""
    text = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, len(data)], pa.int32()).buffers()[1], pa.py_buffer(data)]
    )
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
