"""Replay: read an original and its corrections again under the current contract, replacing the old batch.

A replay keeps the place in time of the old batch. If the clock was wrong, a user can enter when the file was received.
"""

from dataclasses import replace
from datetime import UTC, datetime

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import (
    FILE_HOLDS,
    STATES_IN_LEDGER,
    Batch,
    BatchKind,
    BatchState,
    HoldCode,
    receipt_number,
    receipt_time,
)
from tillstream.model.errors import Rejected
from tillstream.model.ids import batch_id
from tillstream.model.people import BoundStores, narrow_stores
from tillstream.pipeline.settling import large_job
from tillstream.ports import Ports
from tillstream.records import batch_records
from tillstream.records.batch_records import finished_replays

SAME_CONTRACT_HOLDS = (
    HoldCode.REPEATED_BYTES,
    HoldCode.REPEATED_ROWS,
    HoldCode.OTHER_CONTRACT,
    HoldCode.FOREIGN_SALES,
    HoldCode.OTHER_REGION,
)
"""Holds whose confirmation is valid for as long as the contract is the same."""
REPLAYABLE = STATES_IN_LEDGER | {BatchState.HELD, BatchState.REJECTED, BatchState.FAILED}
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)


def replay(
    ports: Ports,
    contracts: ContractRegistry,
    batch: str,
    contract: str | None,
    by: str,
    *,
    stores: BoundStores = None,
    received: str = "",
) -> Batch:
    """Create a new batch from the stored original; staging and settling follow. Undo does not restore the old one.

    stores: to which the user is bound; the rows stay bound to the stores of their sender as well. received: when the
    file was received, ISO 8601, UTC unless it names another offset; empty: as the batch has it. Raises `Rejected` if
    the batch cannot be replayed, `NotFound`.
    """
    new = reading(
        ports, contracts, batch_records.get_batch(ports, batch), contract, by, stores=stores, received=received
    )
    new = batch_records.create_batch(ports, new)
    batch_records.publish_received(ports, new)
    return new


def reading(
    ports: Ports,
    contracts: ContractRegistry,
    old: Batch,
    contract: str | None,
    by: str,
    *,
    stores: BoundStores = None,
    received: str = "",
) -> Batch:
    """Build the record of a replay without writing it. Raises as `replay`."""
    number = len(_earlier_replays(ports, old)) + 1
    if not (contract or old.contract):
        raise Rejected(f"{old.file} has no contract yet. Choose one.")
    pinned = contracts.pin(contract or old.contract)
    return replace(
        _placed(_as_replay(ports, old, by), received, ports.clock.now()),
        batch_id=batch_id(f"{old.batch_id}/{pinned.name}@{pinned.version}", number, old.sha256),
        contract=pinned.name,
        contract_version=pinned.version,
        region=pinned.region,
        stores=narrow_stores(old.stores, stores),
        replayer_stores=stores,
        confirmed=still_confirmed(old, pinned.name),
    )


def still_confirmed(batch: Batch, contract: str) -> tuple[str, ...]:
    """The confirmed holds of a batch that are not checked again when it is read with the current version of a contract.

    The bytes were confirmed for this contract; other holds are checked again, as the contract may have changed.
    """
    return tuple(code for code in batch.confirmed if code in SAME_CONTRACT_HOLDS and contract == batch.contract)


def is_replayable(ports: Ports, old: Batch) -> bool:
    """Whether a file with a contract can be replayed now: not if it is of another home, or being replayed or undone."""
    try:
        _earlier_replays(ports, old)
    except Rejected:
        return False
    return True


def _earlier_replays(ports: Ports, old: Batch) -> list[Batch]:
    """The finished replays. Raises `Rejected` if the batch cannot be replayed now."""
    batch_records.check_batch_of_home(ports, old)
    if not old.is_file or old.state not in REPLAYABLE:
        raise Rejected(f"{old.file} is {old.state} and cannot be replayed.")
    _check_not_undone(ports, old)
    return finished_replays(ports, old)


def replay_as_new(ports: Ports, old: Batch, by: str) -> Batch:
    """Replay with the original contract version but its own place in time; staging and settling follow.

    Raises `Rejected` while another replay is unsettled.
    """
    finished_replays(ports, old)
    _check_not_undone(ports, old)
    new = replace(
        _as_replay(ports, old, by),
        batch_id=batch_id(f"{old.batch_id}/as-new", 1, old.sha256),
        as_new=True,
        # The batch is in the ledger already, so holds passed then are not checked again.
        confirmed=tuple(dict.fromkeys((*old.confirmed, *FILE_HOLDS))),
    )
    created = batch_records.create_batch(ports, new)
    batch_records.publish_received(ports, created)
    return created


def _placed(new: Batch, received: str, now: datetime) -> Batch:
    """The replay of a file that was received at another time than its batch has. Raises `Rejected`.

    With an earlier place, all batches of the same bytes move with it, as they share the first one. A later one is its
    own: bytes that are sent once more do not make an old statement new.
    """
    if not received:
        return new
    try:
        at = datetime.fromisoformat(received.strip())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Rejected(
            f"{received} is not a time of receipt. Write it as 2026-11-20 09:30 or 2026-11-20T09:30:00+01:00."
        ) from error
    if at > now or at < _FIRST:
        side = "in the future" if at > now else "too long ago"
        raise Rejected(f"The time of receipt {at:%Y-%m-%d %H:%M} UTC is {side}.")
    # Files that were received in one second keep their order.
    part = receipt_time(new.received_seq).microsecond if not at.microsecond else at.microsecond
    place = receipt_number(at.replace(microsecond=part))
    return replace(new, received_seq=place, as_new=new.as_new or place > new.received_seq)


def _check_not_undone(ports: Ports, old: Batch) -> None:
    """Raise `Rejected` if its undo is requested: a replay settled after it would restore the data."""
    if large_job.is_work_requested(ports, old.batch_id, large_job.RequestedWork.UNDO):
        raise Rejected(f"{old.file} is being undone.")


def _as_replay(ports: Ports, old: Batch, by: str) -> Batch:
    now = ports.clock.now().isoformat()
    return replace(
        old,
        kind=BatchKind.REPLAY,
        received_at=now,
        received_by=by,
        state=BatchState.RECEIVED,
        state_at=now,
        staged=None,
        holds=(),
        proposed=None,
        error="",
        parent=old.batch_id,
        settlement_no=0,
    )
