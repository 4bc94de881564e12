"""Dry run: compute the receipt of a file without storing anything."""

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.model.contract import Contract
from tillstream.model.events import STAGING
from tillstream.model.ids import batch_id
from tillstream.pipeline.settling import large_job
from tillstream.pipeline.settling.settle import to_staged_batch
from tillstream.pipeline.staging import holds as staging_holds
from tillstream.pipeline.staging import stage
from tillstream.pipeline.staging.expiry import delete_staged
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement, SettlementResult, WarehouseQuery
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import Receipt
from tillstream.records import batch_records, batch_registration


def dry_run(ports: Ports, contracts: ContractRegistry, contract: Contract, name: str, stream: BinaryIO) -> Receipt:
    """Return a receipt with status `dry-run`: the file is staged, and settled in a transaction that is rolled back.

    An unsaved contract is used as it is. Raises `Rejected` for a file that cannot be read.
    """
    prefix = f"dry-run/{ports.clock.tick()}"
    try:
        is_saved = contracts.all().get(contract.name) == contract
        upload = _keep(ports, contracts.pin(contract.name) if is_saved else contract, prefix, name, stream)
        before = receipts.imported_before_query(upload.batch_id)
        receipt, settled = tried(ports, contracts, upload, prefix, (), before, contract=contract)
        receipt["imported_before"] = settled.results[-1].to_pylist()
        return receipt
    finally:
        delete_staged(ports, prefix)


def tried(
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
    hold_decision = staging_holds.check_holds(
        staging_holds.FileContext(ports, staged, contract, tuple(contracts.all().values())), report
    )
    questions = receipts.receipt_queries(staged.batch_id)
    settled = ports.warehouse.preview(
        Settlement([to_staged_batch(ports, contracts, staged, contract)], undo), [*questions, *more]
    )
    holds = [hold.to_json() for hold in (*hold_decision.holds, *settled.holds.values())]
    receipt = receipts.compose_receipt(staged, *(answer.to_pylist() for answer in settled.results[: len(questions)]))
    return receipt | {"status": "dry-run", "holds": holds}, settled


def _keep(ports: Ports, contract: Contract, prefix: str, name: str, stream: BinaryIO) -> Batch:
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
