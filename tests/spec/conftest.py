"""The two engines, once per session."""

from collections.abc import Mapping

import pytest
from duck import Duck
from googlesql import Judge, Rows
from sample_ledger import SAMPLE_LEDGER


@pytest.fixture(scope="session")
def judge(pytestconfig: pytest.Config) -> Judge:
    return Judge(pytestconfig.cache.mkdir("zetasql"))


@pytest.fixture(scope="session")
def duck() -> Duck:
    return Duck()


@pytest.fixture(scope="session")
def true_shop(judge: Judge) -> Mapping[str, Rows]:
    """The shop's tables and, worked out by Google's engine, its views."""
    return judge.with_views(SAMPLE_LEDGER)
