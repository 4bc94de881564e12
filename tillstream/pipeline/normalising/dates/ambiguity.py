"""Resolve texts that two formats of a contract parse to different times.

A value that parses under only one of two ambiguous formats is evidence for it. With evidence for exactly one format,
that format wins; otherwise values that parse under both are ambiguous and are not guessed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tillstream.pipeline.normalising.dates.columns import column_of
from tillstream.pipeline.normalising.dates.formats import MISSING, format_datetime
from tillstream.pipeline.normalising.dates.iso_and_serial import EXCEL, UNIX
from tillstream.pipeline.rows.types import Ints

Pair = tuple[str, str]
Evidence = frozenset[Pair]
"""(format, other): at least one text parses under the format and not under the other."""

_SAMPLE_TIMES = [
    datetime(2000 + a, b, c, 10, 11, 12)  # noqa: DTZ001 - wall clock
    for a, b, c in (*permutations((1, 2, 3)), *permutations((10, 11, 12)))
]


@lru_cache(maxsize=64)
def ambiguous_pairs(formats: tuple[str, ...], language: str, years_from: int) -> tuple[Pair, ...]:
    """Return pairs of formats that parse some text to different times; each pair in both orders."""
    pairs: set[Pair] = set()
    for pattern, other in permutations(dict.fromkeys(formats), 2):
        texts = pa.array(_texts(pattern, language))
        times, other_times = (
            column_of(candidate, language, years_from).read(texts)[0] for candidate in (pattern, other)
        )
        if ((times != MISSING) & (other_times != MISSING) & (times != other_times)).any():
            pairs |= {(pattern, other), (other, pattern)}
    return tuple(sorted(pairs))


def _texts(format: str, language: str) -> list[str]:
    if format in EXCEL:
        return ["44000", "10203", "101112.5"]
    if format in UNIX:
        return ["1700000000", "1700000000000"]
    return [format_datetime(moment, format, language) for moment in _SAMPLE_TIMES]


def find_evidence(formats: Sequence[str], walls: Sequence[Ints], pairs: Iterable[Pair]) -> Evidence:
    """Return the pairs that the texts are evidence for. walls: for each format the times of the same texts."""
    parses = {pattern: wall != MISSING for pattern, wall in zip(formats, walls, strict=True)}
    return frozenset((pattern, other) for pattern, other in pairs if (parses[pattern] & ~parses[other]).any())


def resolve(
    formats: Sequence[str], walls: Sequence[Ints], pairs: Iterable[Pair], proven: Evidence
) -> tuple[npt.NDArray[np.intp], Ints]:
    """Choose the format of each text.

    Returns the index of the format that parses it (the first if none or several do), and the time of another
    interpretation that the evidence does not rule out, MISSING if there is none.
    """
    stacked = np.stack(walls)
    parses = stacked != MISSING
    ruled_out = np.zeros_like(parses)
    index = {pattern: position for position, pattern in enumerate(formats)}
    for pattern, other in pairs:
        if (pattern, other) in proven and (other, pattern) not in proven:
            ruled_out[index[other]] |= parses[index[pattern]]
    is_candidate = parses & ~ruled_out
    chosen = np.where(is_candidate.any(axis=0), is_candidate.argmax(axis=0), parses.argmax(axis=0))
    first = np.take_along_axis(stacked, chosen[None], axis=0)[0]
    differs = is_candidate & (stacked != first)
    alternative = np.where(
        differs.any(axis=0), np.take_along_axis(stacked, differs.argmax(axis=0)[None], axis=0)[0], MISSING
    )
    return chosen, alternative
