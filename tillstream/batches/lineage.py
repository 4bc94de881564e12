"""Batch lineage: replays of a batch, and the corrections that they include."""

from dataclasses import replace

from tillstream.batches import records
from tillstream.domain.batch.record import IN_LEDGER, TERMINAL, Batch, BatchKind, State
from tillstream.domain.errors import Rejected
from tillstream.ports import Ports


def finished_replays(ports: Ports, old: Batch) -> list[Batch]:
    """Finished replays of a batch. Raises `Rejected` while one is in progress: it would miss the new change."""
    active = active_replay(ports, old)
    if active:
        raise Rejected(
            f"{old.file} is already being replayed as batch {active.batch_id}, which is {active.state}. Wait until "
            "that replay is finished, or confirm or reject it first."
        )
    return records.children(ports, old.batch_id, BatchKind.REPLAY)


def active_replay(ports: Ports, old: Batch) -> Batch | None:
    """The replay in progress that will replace the batch, if any."""
    replays = records.children(ports, old.batch_id, BatchKind.REPLAY)
    return next((replay for replay in replays if replay.state not in TERMINAL | IN_LEDGER), None)


def inherited_corrections(ports: Ports, upload: Batch) -> list[Batch]:
    """The corrections that a replay includes: those of its ancestors at the time of the replay, oldest first.

    They are renumbered from 1; the replay's own corrections follow.
    """
    corrections: list[Batch] = []
    while upload.parent:
        earlier = records.children(ports, upload.parent, BatchKind.CORRECTION)
        included = [fix for fix in earlier if fix.state is not State.REJECTED and _is_before(fix, upload)]
        corrections = [*included, *corrections]
        upload = records.get(ports, upload.parent)
    return [replace(fix, fix_number=number) for number, fix in enumerate(corrections, 1)]


def _is_before(fix: Batch, upload: Batch) -> bool:
    """Whether a correction of an ancestor was there at the replay: none settles after it, whatever the clock showed."""
    return bool(fix.settlement_no) or fix.received_at <= upload.received_at
