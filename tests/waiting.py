"""Waiting in tests: for a condition, never for a time. What does not come is told with the state there is instead."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from threads import PATIENCE

if TYPE_CHECKING:
    from tillstream.model.batch import BatchState
    from tillstream.ports import Ports

Value = TypeVar("Value")


def wait_for(
    condition: Callable[[], Value],
    what: str,
    *,
    state: Callable[[], Any] = lambda: "",
    is_running: Callable[[], bool] = lambda: True,
    patience: float = PATIENCE,
    pause: float = 0.01,
) -> Value:
    """Return the first true value of the condition; fail if there is none in time, or what should bring it has ended.

    what: what is awaited. state: called if it does not come, and printed. is_running: whether it can still come.
    patience, pause: seconds; a longer pause is for conditions whose check slows what they wait for.
    """
    until = time.monotonic() + patience
    while True:
        can_come = is_running()  # before the condition: what came shortly before the end is there
        if value := condition():
            return value
        assert can_come, f"{what}: what should bring it has ended. {state()}"
        assert time.monotonic() < until, f"{what}: not within {patience:.0f} s. {state()}"
        time.sleep(pause)


def wait_for_batch(
    ports: "Ports", batch_id: str, *states: "BatchState", patience: float = PATIENCE, pause: float = 0.02
) -> "BatchState":
    """Return the first of these states that a batch is in."""
    from tillstream.records import batch_records  # processes of tests import this module and wait for no batch

    def reached() -> "BatchState | None":
        state = batch_records.get_batch(ports, batch_id).state
        return state if state in states else None

    state = wait_for(
        reached,
        f"batch {batch_id} as {' or '.join(states)}",
        state=lambda: batch_records.get_batch(ports, batch_id),
        patience=patience,
        pause=pause,
    )
    assert state
    return state
