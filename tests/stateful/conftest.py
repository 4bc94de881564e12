"""A quiet world for each schedule."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stateful.world import World, living


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A company whose sources do not number their lines."""
    with living(tmp_path / "home", numbered=False) as new_world:
        yield new_world


@pytest.fixture
def numbered_world(tmp_path: Path) -> Iterator[World]:
    """A company whose sources number the lines of a sale."""
    with living(tmp_path / "home", numbered=True) as new_world:
        yield new_world
