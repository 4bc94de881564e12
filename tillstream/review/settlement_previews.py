"""Previews that store nothing: a file under a contract, the confirmation of a held batch, and a replay."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, TypedDict

import sql
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind, BatchState, receipt_time
from tillstream.model.contract import Contract
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected, TooLarge
from tillstream.model.events import STAGING
from tillstream.model.ids import batch_id
from tillstream.model.people import BoundStores
from tillstream.pipeline.settling import large_job
from tillstream.pipeline.settling.settle import to_staged_batch
from tillstream.pipeline.staging import expiry, stage
from tillstream.pipeline.staging.expiry import delete_staged
from tillstream.pipeline.staging.holds import FileContext, check_holds
from tillstream.ports import Ports
from tillstream.ports.warehouse import Row, Settlement, SettlementResult, WarehouseQuery
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import Receipt
from tillstream.records import batch_records, batch_registration
from tillstream.review import replay

TOTALS_QUERY = WarehouseQuery(sql.text("ledger/totals"))
RECEIPT_FIELDS = ("status", "contract", "contract_version", "rows", "amounts", "problems", "holds", "removed", "error")


class ReplayPreview(TypedDict):
    """received: time of receipt, before and after. before, after: receipt of the batch. changes: net lines by kind.

    totals: those of the ledger by region and currency, before and after.
    """

    batch_id: str
    file: str
    received: dict[str, str]
    before: JsonObject
    after: JsonObject
    changes: dict[str, int]
    totals: dict[str, list[Row]]


def dry_run_file(ports: Ports, contracts: ContractRegistry, contract: Contract, name: str, stream: BinaryIO) -> Receipt:
    """Return a receipt with status `dry-run`: the file is staged, and settled in a transaction that is rolled back.

    An unsaved contract is used as it is. Raises `Rejected` for a file that cannot be read.
    """
    prefix = f"dry-run/{ports.clock.tick()}"
    try:
        is_saved = contracts.all().get(contract.name) == contract
        upload = _store_file(ports, contracts.pin(contract.name) if is_saved else contract, prefix, name, stream)
        before = receipts.imported_before_query(upload.batch_id)
        receipt, settled = try_settlement(ports, contracts, upload, prefix, (), before, contract=contract)
        receipt["imported_before"] = settled.results[-1].to_pylist()
        return receipt
    finally:
        delete_staged(ports, prefix)


def try_settlement(
    ports: Ports,
    contracts: ContractRegistry,
    upload: Batch,
    prefix: str,
    undo: Sequence[str] = (),
    *more: WarehouseQuery,
    contract: Contract | None = None,
) -> tuple[Receipt, SettlementResult]:
    """Return the receipt and the settlement of the upload, settled together with `undo`; results of `more` come last.

    Staged objects are written under `prefix`; the caller deletes them with `delete_staged`. Raises `Rejected` for a
    file that cannot be read.
    """
    contract = contract or contracts.version(upload.contract, upload.contract_version)
    report = stage.write(ports, upload, prefix, contract=contract)
    staged = replace(upload, staged=report, state=BatchState.STAGED)
    large_job.check_preview(ports, staged.file, sum(large_job.rows_to_read(ports, contracts, [staged]).values()))
    hold_decision = check_holds(FileContext(ports, staged, contract, tuple(contracts.all().values())), report)
    questions = receipts.receipt_queries(staged.batch_id)
    settled = ports.warehouse.preview(
        Settlement([to_staged_batch(ports, contracts, staged, contract)], undo), [*questions, *more]
    )
    holds = [hold.to_json() for hold in (*hold_decision.holds, *settled.holds.values())]
    receipt = receipts.compose_receipt(staged, *(answer.to_pylist() for answer in settled.results[: len(questions)]))
    return receipt | {"status": "dry-run", "holds": holds}, settled


def _store_file(ports: Ports, contract: Contract, prefix: str, name: str, stream: BinaryIO) -> Batch:
    """Store the file under the prefix and build its record, which is never written."""
    with ports.objects.writer(STAGING, f"{prefix}/original") as writer:
        while chunk := stream.read(batch_records.CHUNK_BYTES):
            writer.write(chunk)
    stored = ports.objects.stat(STAGING, f"{prefix}/original")
    with ports.objects.open(stored.bucket, stored.name) as kept:
        sha256 = batch_registration.digest_of_stream(kept)
    now = ports.clock.now().isoformat()
    return Batch(
        batch_id=batch_id(prefix, stored.generation, sha256),
        kind=BatchKind.UPLOAD,
        bucket=stored.bucket,
        object=stored.name,
        generation=stored.generation,
        size=stored.size,
        file=name,
        contract=contract.name,
        contract_version=contract.version,
        region=contract.region,
        received_seq=stored.generation,
        received_at=now,
        received_by="",
        state=BatchState.STAGED,
        sha256=sha256,
    )


def is_confirmation_previewable(ports: Ports, contracts: ContractRegistry, upload: Batch) -> bool:
    """Return True if the batch is held, was staged, is not too large, and its staged rows are whole."""
    is_read = upload.state is BatchState.HELD and upload.staged is not None and bool(upload.contract)
    return (
        is_read
        and not large_job.is_large_settlement(ports, _staged_rows_of(ports, contracts, upload))
        and not expiry.damaged(ports, upload)
    )


def _staged_rows_of(ports: Ports, contracts: ContractRegistry, upload: Batch) -> int:
    return large_job.rows_to_read(ports, contracts, [upload])[upload.batch_id]


def preview_confirmation(
    ports: Ports,
    contracts: ContractRegistry,
    batch: str,
    questions: Sequence[WarehouseQuery] = (),
    *,
    as_new: bool = False,
) -> tuple[Receipt, SettlementResult]:
    """Return the receipt and the settlement of the held batch if confirmed, with the answers to `questions`.

    The receipt's `holds` list reasons for which the ledger would hold it again. Raises `Rejected`.
    """
    upload = batch_records.get_batch(ports, batch)
    large_job.check_preview(ports, upload.file, _staged_rows_of(ports, contracts, upload))
    if not is_confirmation_previewable(ports, contracts, upload):
        raise Rejected(f"{upload.file} is {upload.state} or was not read yet, so there is no preview.")
    confirmed = replace(upload, state=BatchState.STAGED, confirmed=upload.confirmed_with_holds, holds=(), as_new=as_new)
    undone = [upload.parent] if upload.kind is BatchKind.REPLAY else []
    receipt_questions = receipts.receipt_queries(batch)
    settled = ports.warehouse.preview(
        Settlement([to_staged_batch(ports, contracts, confirmed)], undone), [*receipt_questions, *questions]
    )
    receipt = receipts.compose_receipt(
        confirmed, *(answer.to_pylist() for answer in settled.results[: len(receipt_questions)])
    )
    holds = [hold.to_json() for hold in settled.holds.values()]
    answers = settled.results[len(receipt_questions) :]
    return receipt | {"status": "dry-run", "holds": holds}, replace(settled, results=answers)


def preview_replay(
    ports: Ports,
    contracts: ContractRegistry,
    batch: str,
    contract: str | None = None,
    *,
    stores: BoundStores = None,
    received: str = "",
) -> ReplayPreview:
    """Return what a replay would change. stores: to which the user is bound. received: as for `replay.replay`.

    received: time of receipt, before and after. before, after: receipt of the batch with rows by outcome and amounts.
    changes: net lines by kind. totals: ledger totals by region and currency, before and after. Raises `Rejected`,
    `NotFound`, `TooLarge`.
    """
    old = batch_records.get_batch(ports, batch)
    new = replay.build_replay(ports, contracts, old, contract, "", stores=stores, received=received)
    large_job.check_preview(ports, old.file, 2 * large_job.staged_rows(old))
    before = receipts.batch_receipt(ports, batch)
    totals = ports.warehouse.query(TOTALS_QUERY.sql).to_pylist()
    prefix = f"dry-run/{ports.clock.tick()}"
    try:
        undo = [old.batch_id] if old.state in STATES_IN_LEDGER else []
        after, settled = try_settlement(ports, contracts, new, prefix, undo, TOTALS_QUERY)
    except TooLarge:
        raise
    except Rejected as error:
        after, settled = (
            receipts.compose_receipt(new, [], [], []) | {"status": BatchState.REJECTED.value, "error": str(error)},
            None,
        )
    finally:
        delete_staged(ports, prefix)
    return {
        "batch_id": batch,
        "file": old.file,
        "received": {"before": _received_time(old), "after": _received_time(new)},
        "before": _receipt_summary(before),
        "after": _receipt_summary(after),
        "changes": dict(settled.changes) if settled else {},
        "totals": {"before": totals, "after": settled.results[-1].to_pylist() if settled else totals},
    }


def _received_time(batch: Batch) -> str:
    return receipt_time(batch.received_seq).isoformat(timespec="seconds")


def _receipt_summary(receipt: Mapping[str, Any]) -> JsonObject:
    return {name: receipt[name] for name in RECEIPT_FIELDS}
