"""Preview the confirmation of a held batch without storing anything: its receipt and further query results."""

from collections.abc import Sequence
from dataclasses import replace

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.model.errors import Rejected
from tillstream.pipeline.settling import large_job
from tillstream.pipeline.settling.settle import to_staged_batch
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement, SettlementResult, WarehouseQuery
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import Receipt
from tillstream.records import batch_records


def previewable(ports: Ports, contracts: ContractRegistry, upload: Batch) -> bool:
    """Return True if the batch is held, was staged, is not too large, and its staged rows are whole."""
    is_read = upload.state is BatchState.HELD and upload.staged is not None and bool(upload.contract)
    return (
        is_read
        and not large_job.is_large_settlement(ports, _rows(ports, contracts, upload))
        and not expiry.damaged(ports, upload)
    )


def _rows(ports: Ports, contracts: ContractRegistry, upload: Batch) -> int:
    return large_job.rows_to_read(ports, contracts, [upload])[upload.batch_id]


def preview(
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
    large_job.check_preview(ports, upload.file, _rows(ports, contracts, upload))
    if not previewable(ports, contracts, upload):
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
