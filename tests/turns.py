"""Which of many tests run with each change: the commit chooses one in a few, so that each runs every few commits.

`slow_tests.txt` lists the functions of tests that take about half a second or more: a sixth of the tests and most of
the time. Each commit runs one in `COUNT` of those of a file, and all other tests.
"""

import os
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, product
from pathlib import Path
from statistics import fmean
from typing import Any

TURN = int(os.environ.get("COMMIT", "0")) // 10
"""A number of the commit in continuous integration. Its last digit is left to the choice of the part of long proofs."""
CHOSEN = None if os.environ.get("EVERY_TURN") else TURN
"""The turn that runs; None for all of them."""
COUNT = 4
SLOW = Path(__file__).with_name("slow_tests.txt")
SECONDS, NO_LONGER = 0.5, 0.35
"""From which time of its tests on a function is listed, and below which it no longer is."""


def in_turns(count: int, *axes: Sequence[Any], turn: int | None = CHOSEN) -> list[tuple[Any, ...]]:
    """One in `count` combinations of the values of the axes, others at each turn; `count` turns try each once.

    With as many values of each axis as `count` or more, each turn tries every value.
    """
    places = product(*map(range, map(len, axes)))
    return [
        tuple(axis[place] for axis, place in zip(axes, at, strict=True))
        for at in places
        if turn is None or (sum(at) + turn) % count == 0
    ]


def one_in_turns(count: int, values: Sequence[int]) -> list[int]:
    """One in `count` of the values, others at each turn; `count` turns try each once."""
    return [value for (value,) in in_turns(count, values)]


def part_of(tests: Iterable[str], part: str) -> set[str]:
    """The tests of one part, `3/10` for the fourth of ten. Those of a file take turns: each file is in most parts."""
    turn, count = map(int, part.split("/"))
    return {name for name, number in _numbered(tests) if number % count == turn}


def not_in_turn(tests: Iterable[str], slow: frozenset[str], turn: int | None = CHOSEN) -> set[str]:
    """Those tests of slow functions that do not run at this turn."""
    if turn is None:
        return set()
    listed = [name for name in tests if _function_of(name) in slow]
    return {name for name, number in _numbered(listed) if (number + turn) % COUNT}


def slow_functions() -> frozenset[str]:
    return frozenset(SLOW.read_text(encoding="utf-8").splitlines())


def write_slow_functions(seconds: Mapping[str, float]) -> None:
    """Bring the list up to date with the seconds that tests took, by name; others in it stay."""
    measured = defaultdict(list)
    for name, duration in seconds.items():
        measured[_function_of(name)].append(duration)
    means = {function: fmean(durations) for function, durations in measured.items()}
    listed = {function for function in slow_functions() if means.get(function, SECONDS) >= NO_LONGER}
    listed |= {function for function, mean in means.items() if mean >= SECONDS}
    SLOW.write_text("".join(f"{function}\n" for function in sorted(listed)), encoding="utf-8")


def _function_of(test: str) -> str:
    return test.partition("[")[0].removeprefix("tests/")


def _numbered(tests: Iterable[str]) -> Iterable[tuple[str, int]]:
    """The tests of each file, numbered from a number of the file."""
    for file, names in groupby(sorted(tests), lambda name: name.partition("::")[0]):
        for number, name in enumerate(names, zlib.crc32(file.encode())):
            yield name, number
