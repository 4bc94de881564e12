"""Replay: read an original and its fixes again, under today's contract; one settlement replaces the old by the new."""

from dataclasses import replace

from tillstream.domain.errors import Rejected
from tillstream.domain.identity import batch_id
from tillstream.domain.uploads import IN_LEDGER, State, Upload
from tillstream.pipeline import uploads
from tillstream.pipeline.contracts import ContractBook
from tillstream.ports import Ports

REPLAYABLE = IN_LEDGER | {State.HELD, State.REJECTED, State.FAILED}


def replay(ports: Ports, book: ContractBook, batch: str, contract: str | None, by: str) -> Upload:
    """A new batch from the kept original; staging and settling follow. Undoing it does not bring the old one back.

    Raises `Rejected` when the batch is not one that can be read again, `NotFound`.
    """
    old = uploads.get(ports, batch)
    if old.kind not in ("upload", "replay") or old.state not in REPLAYABLE:
        raise Rejected(f"{old.file} is {old.state}; it cannot be replayed.")
    used = book.used(contract or old.contract)
    now = ports.clock.now().isoformat()
    number = len(uploads.children(ports, batch, "replay")) + 1
    new = replace(
        old,
        batch_id=batch_id(f"{batch}/{used.name}@{used.version}", number, old.sha256),
        kind="replay",
        contract=used.name,
        contract_version=used.version,
        region=used.region,
        received_at=now,
        received_by=by,
        state=State.RECEIVED,
        state_at=now,
        staged={},
        holds=(),
        confirmed=(),
        error="",
        parent=batch,
        settlement_no=0,
    )
    return uploads.create(ports, new)


def fixes(ports: Ports, upload: Upload) -> list[Upload]:
    """The corrections that a replay takes along: of the batches before it, oldest first, numbered as they were."""
    found: list[Upload] = []
    parent = upload.parent
    while parent:
        older = uploads.children(ports, parent, "correction")
        found = [*older, *found]
        parent = uploads.get(ports, parent).parent
    return [replace(fix, fix_number=number) for number, fix in enumerate(found, 1)]
