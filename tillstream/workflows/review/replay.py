"""Replay: read an original and its fixes again, under today's contract; one settlement replaces the old by the new."""

from dataclasses import replace

from tillstream.batches import events, records
from tillstream.batches.lineage import ended
from tillstream.contracts.registry import ContractBook
from tillstream.domain.batch import IN_LEDGER, State, Upload
from tillstream.domain.errors import Rejected
from tillstream.domain.ids import batch_id
from tillstream.ports import Ports

KNOWN_BYTES, ANOTHER = "known-bytes-under-another-contract", "looks-like-another-region"
LET_PASS = ("too-many-refused", "truncated-file", "columns-changed", "style-changed", ANOTHER)
"""What is asked about a file when it is staged."""
REPLAYABLE = IN_LEDGER | {State.HELD, State.REJECTED, State.FAILED}


def replay(ports: Ports, book: ContractBook, batch: str, contract: str | None, by: str) -> Upload:
    """A new batch from the kept original; staging and settling follow. Undoing it does not bring the old one back.

    Raises `Rejected` when the batch is not one that can be read again, `NotFound`.
    """
    made = records.create(ports, reading(ports, book, records.get(ports, batch), contract, by))
    events.received(ports, made)
    return made


def reading(ports: Ports, book: ContractBook, old: Upload, contract: str | None, by: str) -> Upload:
    """The record that a replay would have. Raises as `replay`."""
    if old.kind not in ("upload", "replay") or old.state not in REPLAYABLE:
        raise Rejected(f"{old.file} is {old.state}; it cannot be replayed.")
    if not (contract or old.contract):
        raise Rejected(f"Nobody has said yet by which contract {old.file} is written; name one.")
    used = book.used(contract or old.contract)
    number = len(ended(ports, old)) + 1
    return replace(
        _once_more(ports, old, by),
        batch_id=batch_id(f"{old.batch_id}/{used.name}@{used.version}", number, old.sha256),
        contract=used.name,
        contract_version=used.version,
        region=used.region,
        # Somebody said that these bytes are meant under this contract too; how many rows it refuses may have changed.
        confirmed=tuple(code for code in old.confirmed if code in (KNOWN_BYTES, ANOTHER) and used.name == old.contract),
    )


def tell_anew(ports: Ports, old: Upload, by: str) -> Upload:
    """A replay by the contract of its time, with a place in time of its own; staging and settling follow.

    Raises `Rejected` while another replay is on its way.
    """
    ended(ports, old)
    new = replace(
        _once_more(ports, old, by),
        batch_id=batch_id(f"{old.batch_id}/as-new", 1, old.sha256),
        as_new=True,
        # It is in the ledger: what a person or the threshold let pass then is not asked again.
        confirmed=tuple(dict.fromkeys((*old.confirmed, *LET_PASS))),
    )
    made = records.create(ports, new)
    events.received(ports, made)
    return made


def _once_more(ports: Ports, old: Upload, by: str) -> Upload:
    now = ports.clock.now().isoformat()
    return replace(
        old,
        kind="replay",
        received_at=now,
        received_by=by,
        state=State.RECEIVED,
        state_at=now,
        staged={},
        holds=(),
        proposed={},
        error="",
        parent=old.batch_id,
        settlement_no=0,
    )
