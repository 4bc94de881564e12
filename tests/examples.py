"""Which examples and cases are tried: few in `make test`, all in `make test-properties` and in the long proofs."""

import os
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import hypothesis
import pytest

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")
# the time of an example, and that in which it is generated, depend mostly on the machine
UNTIMED = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("quick", max_examples=16, **UNTIMED)
hypothesis.settings.register_profile("thorough", max_examples=100, **UNTIMED)
hypothesis.settings.load_profile(PROFILE)


def examples(thorough: int, quick: int = 0) -> int:
    """The number in the profile `thorough`; in `quick` this one, or a tenth, but at least two if there are as many."""
    return thorough if PROFILE == "thorough" else quick or max(thorough // 10, min(thorough, 2))


def in_long_proofs(*cases: Any) -> list[Any]:
    """Cases of a parametrization that only the long proofs run."""
    return [pytest.param(case, marks=pytest.mark.long) for case in cases]


def one_in(count: int, cases: Sequence[Any]) -> list[Any]:
    """The cases in their order; only the first of each `count` is tried with each change, the others are long."""
    return [pytest.param(case, marks=pytest.mark.long) if number % count else case for number, case in enumerate(cases)]


def long_but(always: Collection[Any], cases: Iterable[Any]) -> list[Any]:
    """The cases, of which only the long proofs run those that are not in `always`. Each of `always` must be a case."""
    listed = list(cases)
    unknown = [one for one in always if one not in listed]
    assert not unknown, f"no cases: {unknown}"
    return [case if case in always else pytest.param(case, marks=pytest.mark.long) for case in listed]
