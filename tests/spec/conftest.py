"""The two engines, once per session."""

from collections.abc import Mapping

import platformdirs
import pytest
from duck import Duck
from googlesql import Judge, Rows
from sample_ledger import SAMPLE_LEDGER


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Compiled once a user: half a minute, which each new clone would spend."""
    return Judge(platformdirs.user_cache_path("tillstream") / "judge")


@pytest.fixture(scope="session")
def duck() -> Duck:
    return Duck()


@pytest.fixture(scope="session")
def true_shop(judge: Judge) -> Mapping[str, Rows]:
    """The shop's tables and, worked out by Google's engine, its views."""
    return judge.with_views(SAMPLE_LEDGER)


@pytest.fixture(scope="module")
def filled(duck: Duck) -> Duck:
    """The engine with the shop's tables."""
    duck.fill(SAMPLE_LEDGER)
    return duck
