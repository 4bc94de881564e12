"""The files that a connector or a backfill brought: their states, and those that are held."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from tillstream.commands.result import DONE, FAILED, HELD, QUARANTINED
from tillstream.connectors import runs
from tillstream.connectors.runs import ConnectorRun
from tillstream.model.batch import STATES_BEFORE_LEDGER, STATES_IN_LEDGER, Batch, BatchState
from tillstream.ports import Clock, Ports
from tillstream.records import batch_records
from tillstream.review.held_batches import group_held_alike

WRONG = frozenset({BatchState.REJECTED.value, BatchState.FAILED.value})


def idle_times(clock: Clock, left: Callable[[], tuple[int, ...]], poll: float) -> Iterator[timedelta]:
    """Yield how long no count of `left` has changed, every `poll` seconds until all of them are 0."""
    changed, last = clock.now(), left()
    while any(last):
        yield clock.now() - changed
        clock.sleep(poll)
        if (now := left()) != last:
            changed, last = clock.now(), now


def unsettled(ports: Ports, name: str) -> tuple[int, ...]:
    """How many of the batches of a connector are in each of the states before the ledger."""
    return tuple(runs.count_batches(ports, name, state) for state in STATES_BEFORE_LEDGER)


def held_groups(ports: Ports, name: str) -> list[dict[str, Any]]:
    """The held files of a connector in groups that one decision answers, with the first batch of each."""
    return [
        {
            "files": len(group),
            "batch_id": group[0].batch_id,
            "file": group[0].file,
            "reasons": [hold.code.value for hold in group[0].holds],
        }
        for group in group_held_alike(runs.batches_in_state(ports, name, BatchState.HELD))
    ]


def states_of(ports: Ports, run: ConnectorRun) -> dict[str, int]:
    """State → how many of the first batches of a run are in it."""
    return dict(Counter(batch.state.value for batch in _batches(ports, run)))


def exit_code_of(ports: Ports, run: ConnectorRun) -> int:
    """1 if the run or one of its files failed, 4 if a file of its connector is held, 3 for rows to fix, else 0."""
    if run.outcome == runs.FAILED or states_of(ports, run).keys() & WRONG:
        return FAILED
    if runs.count_batches(ports, run.connector, BatchState.HELD):
        return HELD
    loaded = (one.staged for one in _batches(ports, run) if one.state in STATES_IN_LEDGER)
    return QUARANTINED if any(staged and staged.rows_refused for staged in loaded) else DONE


def _batches(ports: Ports, run: ConnectorRun) -> Iterator[Batch]:
    return (batch_records.get_batch(ports, batch) for batch in run.batches)
