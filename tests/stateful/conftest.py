"""A new system for each schedule."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stateful.system import System, running_system


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    """A company whose sources do not number their lines."""
    with running_system(tmp_path / "home", numbered=False) as new_system:
        yield new_system


@pytest.fixture
def numbered_system(tmp_path: Path) -> Iterator[System]:
    """A company whose sources number the lines of a sale."""
    with running_system(tmp_path / "home", numbered=True) as new_system:
        yield new_system
