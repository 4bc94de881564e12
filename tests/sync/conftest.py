"""A home and its head office."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from two_homes import Pair, pair


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Pair]:
    with pair(tmp_path) as both:
        yield both
