"""A home and a head office in a project; `office` can be another one for the tests of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sync.project.office_by_function import by_function
from sync.two_homes import Connected


@pytest.fixture
def office(tmp_path: Path) -> by_function:
    return by_function(tmp_path)


@pytest.fixture
def two(office: by_function) -> Iterator[Connected]:
    with office as both:
        yield both
