"""Reads the marts until everything that was read is of one state."""

from collections.abc import Callable

from tillstream.marts.state import Changes, MartState, read_state
from tillstream.model.errors import Unavailable
from tillstream.ports.warehouse import Snapshot, Warehouse

TRIES = 10
"""How often what settlements changed meanwhile is read again, where queries have no common state."""


def read_consistently(
    warehouse: Warehouse, exported: MartState | None, read: Callable[[Snapshot, MartState, Changes], None]
) -> MartState:
    """Call `read` with what changed since `exported` until nothing else changes; return the state of everything read.

    exported: None if nothing was exported. Raises `Unavailable` if settlements commit faster than they can be read, and
    what `read` raises.
    """
    for _ in range(TRIES):
        with warehouse.snapshot() as snapshot:
            state, changes = read_state(snapshot, exported)
            read(snapshot, state, changes)
            last, _ = read_state(snapshot, state)
        if last == state:
            return state
        exported = state
    raise Unavailable("Settlements commit faster than they can be read. Repeat it when less is loaded.")
