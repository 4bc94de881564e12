"""Waiting in tests: for a condition, never for a time. What does not come is told with the state there is instead."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from threads import PATIENCE

Value = TypeVar("Value")


def wait_for(
    condition: Callable[[], Value],
    what: str,
    *,
    state: Callable[[], Any] = lambda: "",
    patience: float = PATIENCE,
    pause: float = 0.01,
) -> Value:
    """Return the first true value of the condition; fail if there is none in time.

    what: what is awaited. state: called if it does not come, and printed. patience, pause: seconds; a longer pause is
    for conditions whose check slows what they wait for.
    """
    until = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < until, f"{what}: not within {patience:.0f} s. {state()}"
        time.sleep(pause)
    return value
