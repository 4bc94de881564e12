"""Submit the ready rows of a draft as a correction of their upload; the others stay in the draft."""

import hashlib
import io
from contextlib import suppress
from dataclasses import replace
from typing import Any

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.events import STAGING
from tillstream.model.people import BoundStores
from tillstream.pipeline.settling.settle import to_staged_batch
from tillstream.pipeline.staging import stage
from tillstream.pipeline.staging.expiry import delete_staged
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import ReceiptRows
from tillstream.workflows.corrections import submit
from tillstream.workflows.corrections.drafts import draft
from tillstream.workflows.corrections.drafts.revalidate import corrected, counts
from tillstream.workflows.corrections.drafts.workspace import DraftSnapshot, Workspace


def submit_draft(
    ports: Ports, workspace: Workspace, upload: Batch, by: str, *, expected_version: int, stores: BoundStores = None
) -> Batch:
    """Submit the ready rows and return the correction's record; the file equals one corrected by hand.

    expected_version: draft version the user last loaded. stores: to which the user is bound. Raises `EditConflict` if
    another user changed the draft since then, and `Rejected` if no row is ready.
    """
    view = workspace.load(ports, upload)
    others = view.draft.since(expected_version, by)
    if others:
        raise draft.EditConflict(others)
    ready, touched = _ready(ports, view)
    # of two concurrent submissions one fails here; a crash after this point loses no step
    claimed = draft.close(ports, view.draft, keep=True)
    name = f"{upload.file}, corrected in the portal"
    data = io.BytesIO(corrected(view.applied, ready))
    correction = submit.submit_correction(ports, upload.batch_id, name, data, by, stores=stores)
    if len(ready) == touched:
        with suppress(Conflict):  # another step was added meanwhile
            draft.close(ports, claimed, keep=False)
    return correction


def preview(
    ports: Ports, contracts: ContractRegistry, workspace: Workspace, upload: Batch, stores: BoundStores = None
) -> dict[str, Any]:
    """Preview a submission, including its settlement; nothing is stored. Raises `Rejected` if no row is ready.

    stores: to which the user is bound.
    counts: as `revalidate.counts`; before, after: row counts of the upload's receipt.
    """
    view = workspace.load(ports, upload)
    ready, _ = _ready(ports, view)
    prefix = f"dry-run/{ports.clock.tick()}"
    try:
        after = _preview_rows(ports, contracts, upload, corrected(view.applied, ready), prefix, stores)
    finally:
        delete_staged(ports, prefix)
    before = receipts.receipt(ports, upload.batch_id)
    return {"counts": counts(view.applied, view.problems_by_row(ports)), "before": before["rows"], "after": after}


def _ready(ports: Ports, view: DraftSnapshot) -> tuple[list[int], int]:
    problems_by_row = view.problems_by_row(ports)
    ready = [row for row, problems in problems_by_row.items() if not problems]
    if not ready:
        raise Rejected("No row is ready. Correct a row, accept it unchanged, or discard it with a reason.")
    return ready, len(problems_by_row)


def _preview_rows(
    ports: Ports, contracts: ContractRegistry, upload: Batch, data: bytes, prefix: str, stores: BoundStores
) -> ReceiptRows:
    with ports.objects.writer(STAGING, f"{prefix}/corrected.csv") as writer:
        writer.write(data)
    stored = ports.objects.stat(STAGING, f"{prefix}/corrected.csv")
    number, sha256 = submit.next_number(ports, upload), hashlib.sha256(data).hexdigest()
    correction = submit.record(ports, upload, stored, number, sha256, stores=stores)
    staged = replace(correction, staged=stage.write(ports, correction, prefix), state=BatchState.STAGED)
    questions = receipts.receipt_queries(upload.batch_id)
    settled = ports.warehouse.preview(Settlement([to_staged_batch(ports, contracts, staged)]), questions)
    return receipts.compose_receipt(upload, *(answer.to_pylist() for answer in settled.results))["rows"]
