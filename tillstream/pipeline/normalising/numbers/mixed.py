"""Numbers of a source that writes them in several formats: each is read where its row is certain."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.numbers.parse import Numbers
from tillstream.pipeline.rows.text_column import to_bool_array
from tillstream.pipeline.rows.types import Ints, Mask


def proofs(readings: Sequence[Numbers]) -> npt.NDArray[np.bool_]:
    """bool (formats, n): a text that this format reads and another one does not."""
    reads = _reads(readings)
    return np.logical_and(reads, ~reads.all(axis=0))


def only_proven(proven: npt.NDArray[np.bool_]) -> Ints:
    """Index of the only format that is proven, -1 if none or several are, (n,). proven: bool (formats, n)."""
    result: Ints = np.where(proven.sum(axis=0) == 1, proven.argmax(axis=0), -1)
    return result


def read_mixed(readings: Sequence[Numbers], formats: Ints) -> tuple[Numbers, Mask]:
    """Return the number of each row, and the rows whose number two formats read differently, with NULL.

    readings: the same rows in each format. formats: (n,), see `only_proven`.
    """
    reads = _reads(readings)
    is_proven = (formats >= 0) & np.take_along_axis(reads, np.maximum(formats, 0)[None], axis=0)[0]
    chosen = np.where(is_proven, formats, reads.argmax(axis=0))
    values = readings[0].values
    for index, reading in enumerate(readings[1:], 1):
        values = pc.if_else(pa.array(chosen == index), reading.values, values)
    differs = [to_bool_array(pc.fill_null(pc.not_equal(values, one.values), False)) for one in readings]
    ambiguous: Mask = np.logical_or.reduce(differs) & ~is_proven
    masks = (
        np.choose(chosen, [getattr(one, name) for one in readings]) & ~ambiguous
        for name in ("not_a_number", "too_large", "rounded")
    )
    return Numbers(pc.if_else(pa.array(ambiguous), None, values), *masks), ambiguous


def meanings(readings: Sequence[Numbers], ambiguous: Mask) -> pa.Array:
    """What each ambiguous number can mean, string (n,)."""
    columns = zip(*(one.values.to_pylist() for one in readings), strict=True)
    texts = [
        " or ".join(dict.fromkeys(f"{value.normalize():f}" for value in row if value is not None)) if doubtful else ""
        for row, doubtful in zip(columns, ambiguous.tolist(), strict=True)
    ]
    return pa.array(texts, pa.string())


def _reads(readings: Sequence[Numbers]) -> npt.NDArray[np.bool_]:
    return ~np.stack([one.not_a_number for one in readings])
