"""Files of shops that nobody here knows: what a clerk reaches who follows the questions of detection."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.strangers.facts import drawn
from tests.strangers.registry import cases
from tests.strangers.scoring import home, score
from tillstream.app import App

TRAPS = tuple(f"trap {number}" for number in range(1, 10))
LEAST_FILES = 120


@pytest.fixture(scope="module")
def empty_app() -> Iterator[App]:
    with home() as app:
        yield app


def _named() -> Iterator[Any]:
    """Of the files of each kind, by the beginning of their names, the first of each eight; the others are long."""
    kinds = Counter[str]()
    for name in cases():
        kind = re.match(r"(?:trap-)?[^-]+", name)
        assert kind
        yield name if kinds[kind[0]] % 8 == 0 else pytest.param(name, marks=pytest.mark.long)
        kinds[kind[0]] += 1


@pytest.mark.parametrize("name", list(_named()))
def test_a_file_gives_its_right_figures_or_is_held(name: str, empty_app: App) -> None:
    result = score(cases()[name], empty_app)
    assert result.result == "right", f"{name} is {result.result}: {result.reason}"
    assert not result.claimed_by


def test_each_trap_is_set_at_least_twice() -> None:
    set_traps = Counter(trap for case in cases().values() for trap in case.traps)
    assert len(cases()) >= LEAST_FILES
    assert all(set_traps[trap] >= 2 for trap in TRAPS)


def test_a_file_has_the_same_bytes_each_time_it_is_built() -> None:
    first = {name: case.build() for name, case in cases().items()}
    drawn.cache_clear()
    assert all(case.build() == first[name] for name, case in cases().items())
