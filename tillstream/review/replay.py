"""Replay: read originals and their corrections again under the current contract, replacing the old batches.

A replay keeps the place in time of the old batch. If the clock was wrong, a user can enter when the file was received.

A contract can read IDs that a program wrote as 12557.0 as whole numbers. The contract of a new source has this rule
from the start. In a contract of before, it changes the IDs of sales that are in the ledger, so an administrator first
gets a preview.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypedDict

import sql
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
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.model.ids import batch_id
from tillstream.model.people import BoundStores, narrow_stores
from tillstream.pipeline.settling import large_job
from tillstream.pipeline.settling.settle import to_staged_batch
from tillstream.pipeline.staging import stage
from tillstream.pipeline.staging.expiry import delete_staged
from tillstream.ports import Ports
from tillstream.ports.warehouse import Row, Settlement, StagedBatch, WarehouseQuery
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
REPLAYABLE_STATES = STATES_IN_LEDGER | {BatchState.HELD, BatchState.REJECTED, BatchState.FAILED}
_EARLIEST_RECEIVED = datetime(2000, 1, 1, tzinfo=UTC)


class WholeNumbersReplay(TypedDict):
    """A new contract version, and the files that are replayed with it. columns: name → a number that it changes."""

    contract: str
    contract_version: int
    region: str
    columns: dict[str, str]
    files: list[dict[str, str]]


class WholeNumbersPreview(WholeNumbersReplay):
    """before, after: sales, lines and net amount of the region by currency. changes: net lines by kind."""

    changes: dict[str, int]
    holds: list[dict[str, str]]
    before: list[Row]
    after: list[Row]


def replay_batch(
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
    new = build_replay(
        ports, contracts, batch_records.get_batch(ports, batch), contract, by, stores=stores, received=received
    )
    new = batch_records.create_batch(ports, new)
    batch_records.publish_received(ports, new)
    return new


def build_replay(
    ports: Ports,
    contracts: ContractRegistry,
    old: Batch,
    contract: str | None,
    by: str,
    *,
    stores: BoundStores = None,
    received: str = "",
) -> Batch:
    """Build the record of a replay without writing it. Raises as `replay_batch`."""
    number = len(_earlier_replays(ports, old)) + 1
    if not (contract or old.contract):
        raise Rejected(f"{old.file} has no contract yet. Choose one.")
    pinned = contracts.pin(contract or old.contract)
    return replace(
        _with_received_time(_as_replay(ports, old, by), received, ports.clock.now()),
        batch_id=batch_id(f"{old.batch_id}/{pinned.name}@{pinned.version}", number, old.sha256),
        contract=pinned.name,
        contract_version=pinned.version,
        region=pinned.region,
        stores=narrow_stores(old.stores, stores),
        replayer_stores=stores,
        confirmed=still_confirmed_holds(old, pinned.name),
    )


def still_confirmed_holds(batch: Batch, contract: str) -> tuple[str, ...]:
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
    if not old.is_file or old.state not in REPLAYABLE_STATES:
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


def _with_received_time(new: Batch, received: str, now: datetime) -> Batch:
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
    if at > now or at < _EARLIEST_RECEIVED:
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


@dataclass(frozen=True)
class WholeNumbers:
    """What a contract lacks to read such IDs."""

    contract: Contract
    """The next version, which is not saved; the current one if it has the rule already."""
    columns: Mapping[str, str]
    """Columns with such IDs in the ledger, each with an example."""
    files: tuple[Batch, ...]
    """Files in the ledger with such IDs, as they were received."""


def find_decimal_ids(ports: Ports, contract: Contract) -> WholeNumbers:
    """Search the files in the ledger that this contract has read and that can be replayed here and now.

    Raises `Rejected` if none has such IDs.
    """
    columns: dict[str, str] = {}
    files: list[Batch] = []
    left_out = 0
    for batch in batch_records.find_batches(ports, kind=None, limit=None):
        is_own = batch.is_file and batch.contract == contract.name and batch.state in STATES_IN_LEDGER
        problems = batch.staged.problems if is_own and batch.staged else ()
        examples = {one.column: one.example or "" for one in problems if one.code == "float-as-id" and one.column}
        if examples and is_replayable(ports, batch):
            columns |= examples
            files.append(batch)
        elif examples:
            left_out += 1
    if left_out and not files:
        raise Rejected(
            f"The files of {contract.name} with IDs that are written as decimal numbers cannot be replayed now: they "
            "are of another home, or are being replayed or undone."
        )
    if not files:
        raise Rejected(f"No file of {contract.name} in the ledger has IDs that are written as decimal numbers.")
    rules = contract.identity.whole_numbers
    missing = sorted(columns.keys() - set(rules))
    if missing:
        identity = contract.identity.model_copy(update={"whole_numbers": (*rules, *missing)})
        contract = contract.model_copy(update={"identity": identity, "version": contract.version + 1})
    return WholeNumbers(contract, columns, tuple(sorted(files, key=lambda batch: batch.received_seq)))


def preview_whole_numbers(ports: Ports, contracts: ContractRegistry, name: str) -> WholeNumbersPreview:
    """Return what the next version and a replay would change, without storing anything.

    Raises `Rejected`, `NotFound`, `TooLarge`.
    """
    wanted = find_decimal_ids(ports, contracts.current(name))
    totals = WarehouseQuery(sql.text("ledger/region_totals"), {"region": wanted.contract.region})
    before = ports.warehouse.query(totals.sql, totals.params).to_pylist()
    with _staged_replays(ports, contracts, wanted) as staged:
        large_job.check_preview(ports, name, sum(batch.rows_read for batch in staged))
        settled = ports.warehouse.preview(Settlement(staged, [batch.batch_id for batch in wanted.files]), [totals])
    return {
        **_described_wanted(wanted),
        "changes": dict(settled.changes),
        "holds": [hold.to_json() for hold in settled.holds.values()],
        "before": before,
        "after": settled.results[0].to_pylist(),
    }


def adopt_whole_numbers(
    ports: Ports, contracts: ContractRegistry, name: str, by: str
) -> tuple[WholeNumbersReplay, list[Batch]]:
    """Save the next version and replay the files with it; staging and settling follow.

    After an interruption, it replays the rest. Raises `Rejected`, `NotFound`.
    """
    current = contracts.pin(name)
    wanted = find_decimal_ids(ports, current)
    if wanted.contract != current:
        wanted = replace(wanted, contract=contracts.save(wanted.contract, by))
    replayed = [replay_batch(ports, contracts, batch.batch_id, name, by) for batch in wanted.files]
    return _described_wanted(wanted), replayed


@contextmanager
def _staged_replays(ports: Ports, contracts: ContractRegistry, wanted: WholeNumbers) -> Iterator[list[StagedBatch]]:
    """The replays of the files, staged with the next version until the end of the block."""
    prefix, contract = f"dry-run/{ports.clock.tick()}", wanted.contract
    staged = []
    try:
        for number, old in enumerate(wanted.files):
            new = replace(build_replay(ports, contracts, old, None, ""), contract_version=contract.version)
            report = stage.write(ports, new, f"{prefix}/{number}", contract=contract)
            new = replace(new, staged=report, state=BatchState.STAGED)
            staged.append(to_staged_batch(ports, contracts, new, contract))
        yield staged
    finally:
        delete_staged(ports, prefix)


def _described_wanted(wanted: WholeNumbers) -> WholeNumbersReplay:
    files = [{"batch_id": batch.batch_id, "file": batch.file} for batch in wanted.files]
    return {
        "contract": wanted.contract.name,
        "contract_version": wanted.contract.version,
        "region": wanted.contract.region,
        "columns": dict(sorted(wanted.columns.items())),
        "files": files,
    }
