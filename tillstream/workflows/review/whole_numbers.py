"""Read IDs that a program wrote as 12557.0 as whole numbers: the next version of a contract, and a replay of its files.

The contract of a new source has this rule from the start. In a contract of before, it changes the IDs of sales that are
in the ledger, so an administrator first gets a preview.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import sql
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchState
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.pipeline.settling import large_job
from tillstream.pipeline.settling.settle import to_staged_batch
from tillstream.pipeline.staging import stage
from tillstream.pipeline.staging.expiry import delete_staged
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement, StagedBatch, WarehouseQuery
from tillstream.records import batch_records
from tillstream.workflows.review import replay


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
        if examples and replay.is_replayable(ports, batch):
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


def preview_whole_numbers(ports: Ports, contracts: ContractRegistry, name: str) -> dict[str, Any]:
    """Return what the next version and a replay would change, without storing anything.

    before, after: sales, lines and net amount of the region by currency. changes: net lines by kind. Raises `Rejected`,
    `NotFound`, `TooLarge`.
    """
    wanted = find_decimal_ids(ports, contracts.current(name))
    totals = WarehouseQuery(sql.text("ledger/region_totals"), {"region": wanted.contract.region})
    before = ports.warehouse.query(totals.sql, totals.params).to_pylist()
    with _staged(ports, contracts, wanted) as staged:
        large_job.check_preview(ports, name, sum(batch.rows_read for batch in staged))
        settled = ports.warehouse.preview(Settlement(staged, [batch.batch_id for batch in wanted.files]), [totals])
    return _described(wanted) | {
        "changes": dict(settled.changes),
        "holds": [hold.to_json() for hold in settled.holds.values()],
        "before": before,
        "after": settled.results[0].to_pylist(),
    }


def adopt_whole_numbers(
    ports: Ports, contracts: ContractRegistry, name: str, by: str
) -> tuple[dict[str, Any], list[Batch]]:
    """Save the next version and replay the files with it; staging and settling follow.

    After an interruption, it replays the rest. Raises `Rejected`, `NotFound`.
    """
    current = contracts.pin(name)
    wanted = find_decimal_ids(ports, current)
    if wanted.contract != current:
        wanted = replace(wanted, contract=contracts.save(wanted.contract, by))
    replayed = [replay.replay(ports, contracts, batch.batch_id, name, by) for batch in wanted.files]
    return _described(wanted), replayed


@contextmanager
def _staged(ports: Ports, contracts: ContractRegistry, wanted: WholeNumbers) -> Iterator[list[StagedBatch]]:
    """The replays of the files, staged with the next version until the end of the block."""
    prefix, contract = f"dry-run/{ports.clock.tick()}", wanted.contract
    staged = []
    try:
        for number, old in enumerate(wanted.files):
            new = replace(replay.reading(ports, contracts, old, None, ""), contract_version=contract.version)
            report = stage.write(ports, new, f"{prefix}/{number}", contract=contract)
            new = replace(new, staged=report, state=BatchState.STAGED)
            staged.append(to_staged_batch(ports, contracts, new, contract))
        yield staged
    finally:
        delete_staged(ports, prefix)


def _described(wanted: WholeNumbers) -> dict[str, Any]:
    files = [{"batch_id": batch.batch_id, "file": batch.file} for batch in wanted.files]
    return {
        "contract": wanted.contract.name,
        "contract_version": wanted.contract.version,
        "region": wanted.contract.region,
        "columns": dict(sorted(wanted.columns.items())),
        "files": files,
    }
