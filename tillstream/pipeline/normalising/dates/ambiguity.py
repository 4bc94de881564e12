"""Texts that two formats of a contract read to different times, and what a column proves of them.

A text that only one of two rival formats reads is evidence for that one. It rules where there is none for the other;
else what both read is in doubt, and nobody guesses.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tillstream.pipeline.normalising.dates.columns import column_of
from tillstream.pipeline.normalising.dates.formats import MISSING, written
from tillstream.pipeline.normalising.dates.iso_and_serial import EXCEL

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Pair = tuple[str, str]
Evidence = frozenset[Pair]
"""(format, rival): there is a text that the format reads and the rival does not."""

_MOMENTS = [
    datetime(2000 + a, b, c, 10, 11, 12)  # noqa: DTZ001 - wall clock
    for a, b, c in (*permutations((1, 2, 3)), *permutations((10, 11, 12)))
]


@lru_cache(maxsize=64)
def rivals(formats: tuple[str, ...], language: str, years_from: int) -> tuple[Pair, ...]:
    """Formats of which one reads what the other writes as another time; each pair both ways round."""
    found: set[Pair] = set()
    for one, other in permutations(dict.fromkeys(formats), 2):
        texts = pa.array(_texts(one, language))
        mine, theirs = (column_of(each, language, years_from).read(texts)[0] for each in (one, other))
        if ((mine != MISSING) & (theirs != MISSING) & (mine != theirs)).any():
            found |= {(one, other), (other, one)}
    return tuple(sorted(found))


def _texts(format: str, language: str) -> list[str]:
    if format in EXCEL:
        return ["44000", "10203", "101112.5"]
    return [written(moment, format, language) for moment in _MOMENTS]


def evidence(formats: Sequence[str], walls: Sequence[Ints], pairs: Iterable[Pair]) -> Evidence:
    """walls: what each format reads of the same texts."""
    reads = {one: wall != MISSING for one, wall in zip(formats, walls, strict=True)}
    return frozenset((one, other) for one, other in pairs if (reads[one] & ~reads[other]).any())


def decided(
    formats: Sequence[str], walls: Sequence[Ints], pairs: Iterable[Pair], known: Evidence
) -> tuple[npt.NDArray[np.intp], Ints]:
    """For each text the place of the format that reads it (the first where none or several do), and the wall of a
    reading that nothing rules out beside it, MISSING where there is none."""
    stacked = np.stack(walls)
    reads = stacked != MISSING
    beaten = np.zeros_like(reads)
    place = {one: i for i, one in enumerate(formats)}
    for one, other in pairs:
        if (one, other) in known and (other, one) not in known:
            beaten[place[other]] |= reads[place[one]]
    stands = reads & ~beaten
    chosen = np.where(stands.any(axis=0), stands.argmax(axis=0), reads.argmax(axis=0))
    first = np.take_along_axis(stacked, chosen[None], axis=0)[0]
    others = stands & (stacked != first)
    second = np.where(others.any(axis=0), np.take_along_axis(stacked, others.argmax(axis=0)[None], axis=0)[0], MISSING)
    return chosen, second
