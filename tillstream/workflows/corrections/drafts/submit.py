"""The rows of a draft that are ready go back as a correction of their upload; the others stay."""

import hashlib
import io
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from tillstream.contracts.registry import ContractBook
from tillstream.domain.batch import State, Upload
from tillstream.domain.errors import Conflict, Rejected
from tillstream.domain.events import STAGING
from tillstream.pipeline.settling.settle import describe
from tillstream.pipeline.staging import stage
from tillstream.pipeline.staging.expiry import forget
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement
from tillstream.receipts import receipt as receipts
from tillstream.workflows.corrections import submit
from tillstream.workflows.corrections.drafts import draft
from tillstream.workflows.corrections.drafts.revalidate import corrected, counts
from tillstream.workflows.corrections.drafts.workspace import Desk, Seen


def send(ports: Ports, desk: Desk, upload: Upload, by: str, *, looked_at: int) -> Upload:
    """The record of the correction, made of the same file that a person would have given back by hand.

    Raises `Clash` where somebody changed the draft since the person looked at it, `Rejected` where nothing is ready.
    """
    seen = desk.look(ports, upload)
    others = seen.draft.since(looked_at, by)
    if others:
        raise draft.Clash(others)
    ready, touched = _ready(ports, seen)
    # of two who send at once, one is too late here; a crash from here on loses no step
    claimed = draft.close(ports, seen.draft, keep=True)
    name = f"{upload.file}, corrected in the portal"
    sent = submit.fix(ports, upload.batch_id, name, io.BytesIO(corrected(seen.applied, ready)), by)
    if len(ready) == touched:
        with suppress(Conflict):  # somebody typed on meanwhile
            draft.close(ports, claimed, keep=False)
    return sent


def preview(ports: Ports, book: ContractBook, desk: Desk, upload: Upload) -> dict[str, Any]:
    """What giving back would do, the ledger asked too; nothing is kept. Raises `Rejected` where nothing is ready.

    `counts` as `check.counts`; `before` and `after`: the rows of the upload's receipt.
    """
    seen = desk.look(ports, upload)
    ready, _ = _ready(ports, seen)
    prefix = f"dry-run/{ports.clock.tick()}"
    try:
        after = _tried(ports, book, upload, corrected(seen.applied, ready), prefix)
    finally:
        forget(ports, prefix)
    before = receipts.receipt(ports, upload.batch_id)
    return {"counts": counts(seen.applied, seen.found(ports)), "before": before["rows"], "after": after}


def _ready(ports: Ports, seen: Seen) -> tuple[list[int], int]:
    found = seen.found(ports)
    ready = [row for row, problems in found.items() if not problems]
    if not ready:
        raise Rejected("No row is ready yet: correct one, accept it as it stands, or discard it with a reason.")
    return ready, len(found)


def _tried(ports: Ports, book: ContractBook, upload: Upload, data: bytes, prefix: str) -> dict[str, int]:
    with ports.objects.writer(STAGING, f"{prefix}/corrected.csv") as writer:
        writer.write(data)
    stored = ports.objects.stat(STAGING, f"{prefix}/corrected.csv")
    made = submit.record(ports, upload, stored, submit.next_number(ports, upload), hashlib.sha256(data).hexdigest())
    read = replace(made, staged=asdict(stage.write(ports, made, prefix)), state=State.STAGED)
    asked = receipts.questions(upload.batch_id)
    settled = ports.warehouse.preview(Settlement([describe(ports, book, read)]), asked)
    rows: dict[str, int] = receipts.compose(upload, *(answer.to_pylist() for answer in settled.answers))["rows"]
    return rows
