"""Replay: read an original and its corrections again under the current contract, replacing the old batch."""

from dataclasses import replace

from tillstream.batches import events, homes, records
from tillstream.batches.lineage import finished_replays
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.batch.holds import FILE_HOLDS, HoldCode
from tillstream.domain.batch.record import IN_LEDGER, Batch, BatchKind, State
from tillstream.domain.errors import Rejected
from tillstream.domain.ids import batch_id
from tillstream.domain.write_scope import Stores, narrowed
from tillstream.pipeline.settling import large
from tillstream.ports import Ports

SAME_CONTRACT_HOLDS = (
    HoldCode.REPEATED_BYTES,
    HoldCode.REPEATED_ROWS,
    HoldCode.OTHER_CONTRACT,
    HoldCode.OTHER_REGION,
)
"""Holds whose confirmation is valid for as long as the contract is the same."""
REPLAYABLE = IN_LEDGER | {State.HELD, State.REJECTED, State.FAILED}


def replay(
    ports: Ports, contracts: ContractRegistry, batch: str, contract: str | None, by: str, *, stores: Stores = None
) -> Batch:
    """Create a new batch from the stored original; staging and settling follow. Undo does not restore the old one.

    stores: to which the user is bound; the rows stay bound to the stores of their sender as well. Raises `Rejected` if
    the batch cannot be replayed, `NotFound`.
    """
    new = records.create(ports, reading(ports, contracts, records.get(ports, batch), contract, by, stores))
    events.publish_received(ports, new)
    return new


def reading(
    ports: Ports, contracts: ContractRegistry, old: Batch, contract: str | None, by: str, stores: Stores = None
) -> Batch:
    """Build the record of a replay without writing it. Raises as `replay`."""
    homes.check_own(ports, old)
    if not old.is_file or old.state not in REPLAYABLE:
        raise Rejected(f"{old.file} is {old.state} and cannot be replayed.")
    _check_not_undone(ports, old)
    if not (contract or old.contract):
        raise Rejected(f"{old.file} has no contract yet. Choose one.")
    pinned = contracts.pin(contract or old.contract)
    number = len(finished_replays(ports, old)) + 1
    return replace(
        _as_replay(ports, old, by),
        batch_id=batch_id(f"{old.batch_id}/{pinned.name}@{pinned.version}", number, old.sha256),
        contract=pinned.name,
        contract_version=pinned.version,
        region=pinned.region,
        stores=narrowed(old.stores, stores),
        replayer_stores=stores,
        # The bytes were confirmed for this contract; other holds are checked again, as the contract may have changed.
        confirmed=tuple(code for code in old.confirmed if code in SAME_CONTRACT_HOLDS and pinned.name == old.contract),
    )


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
    created = records.create(ports, new)
    events.publish_received(ports, created)
    return created


def _check_not_undone(ports: Ports, old: Batch) -> None:
    """Raise `Rejected` if its undo is requested: a replay settled after it would restore the data."""
    if large.is_requested(ports, old.batch_id, large.Work.UNDO):
        raise Rejected(f"{old.file} is being undone.")


def _as_replay(ports: Ports, old: Batch, by: str) -> Batch:
    now = ports.clock.now().isoformat()
    return replace(
        old,
        kind=BatchKind.REPLAY,
        received_at=now,
        received_by=by,
        state=State.RECEIVED,
        state_at=now,
        staged=None,
        holds=(),
        proposed=None,
        error="",
        parent=old.batch_id,
        settlement_no=0,
    )
