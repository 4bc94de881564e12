"""The two engines, once per session."""

import pytest
from duck import Duck
from googlesql import Judge


@pytest.fixture(scope="session")
def judge(pytestconfig: pytest.Config) -> Judge:
    return Judge(pytestconfig.cache.mkdir("zetasql"))


@pytest.fixture(scope="session")
def duck() -> Duck:
    return Duck()
