"""Stage: an upload becomes accepted and refused rows in the staging bucket; no shared table is touched."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any, BinaryIO

import pyarrow as pa

import sql
from tillstream.batches import events, records
from tillstream.contracts import known_headers
from tillstream.contracts.registry import ContractBook, contract_version
from tillstream.domain.batch import MAY_STAGE, State, Upload
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected
from tillstream.pipeline.rows.prefetch import ahead
from tillstream.pipeline.rows.row_batch import Part
from tillstream.pipeline.staging import expiry, holds
from tillstream.pipeline.staging.hashes import Hasher
from tillstream.pipeline.staging.holds import OF_FILES
from tillstream.pipeline.staging.split_rows import judged
from tillstream.pipeline.staging.writer import Account, reader, staged_writer
from tillstream.pipeline.validating.outliers import watch
from tillstream.ports import Ports

Progress = Callable[[int], None]


def stage(ports: Ports, batch: str, progress: Progress | None = None, book: ContractBook | None = None) -> Upload:
    """Stage one batch. Repeatable and safe beside itself: each run writes its own path, one wins the record.

    book: where to look whose file it may be instead, if it does not look like its contract's.

    Raises `NotFound`, `Unavailable`; a file that cannot be read ends as a rejected record, not as an error.
    """
    upload = records.get(ports, batch)
    if upload.state not in MAY_STAGE:
        return upload
    records.move(ports, batch, State.STAGING, among=MAY_STAGE)
    prefix = f"{batch}/{ports.clock.tick()}"
    try:
        account = _read_before(ports, upload) or write(ports, upload, prefix, progress)
    except Rejected as error:
        asked = holds.about_unreadable(_doubted(ports, upload, book)) if _lacks_columns(error) else holds.Doubts()
        if asked.holds:
            told: dict[str, Any] = {"holds": asked.holds, "proposed": asked.proposed}
            return records.move(ports, batch, State.HELD, among=MAY_STAGE, read_as=upload, **told)
        return records.move(ports, batch, State.REJECTED, among=MAY_STAGE, read_as=upload, error=str(error))
    return staged(ports, upload, account, book)


def _lacks_columns(error: Rejected) -> bool:
    return getattr(error, "code", "") == "missing-columns"


def _doubted(ports: Ports, upload: Upload, book: ContractBook | None) -> holds.File:
    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    return holds.File(ports, upload, contract, tuple(book.all().values()) if book else ())


def staged(ports: Ports, upload: Upload, account: Account, book: ContractBook | None = None) -> Upload:
    """Write down what was staged and say so, or hold it for a person."""
    file = _doubted(ports, upload, book)
    asked = holds.about(file, account)
    state = State.HELD if asked.holds else State.STAGED
    if not asked.holds and upload.kind in OF_FILES:
        known_headers.remember(ports, file.contract, account.columns)
    told: dict[str, Any] = {"staged": asdict(account), "holds": asked.holds, "proposed": asked.proposed}
    moved = records.move(ports, upload.batch_id, state, among=MAY_STAGE, read_as=upload, **told)
    if moved.state is State.STAGED:
        events.staged(ports, moved)
    return moved


def write(
    ports: Ports, upload: Upload, prefix: str, progress: Progress | None = None, contract: Contract | None = None
) -> Account:
    """Stage under a prefix without touching the record. contract: one that nobody has saved, tried on the file.

    Raises `Rejected` for a file that cannot be read.
    """
    contract = contract or contract_version(ports.documents, upload.contract, upload.contract_version)
    hasher = Hasher()
    usual = watch(ports.warehouse, contract) if upload.kind in OF_FILES else None
    with staged_writer(ports.objects, prefix, usual) as writer:
        columns: list[str] = []
        parts = ahead(_parts(ports, upload, contract, columns.extend))
        for one in ahead(judged(part, hasher) for part in parts):
            writer.add(one)
            if progress:
                progress(one.part.table.num_rows + one.part.blank + one.part.ignored + len(one.part.refused))
        account = writer.finish()
    account.columns = columns[: known_headers.MOST + 1]
    # settling follows in the same process on a laptop, and needs the memory
    pa.default_memory_pool().release_unused()
    return account


def _read_before(ports: Ports, upload: Upload) -> Account | None:
    """What was staged of the same bytes under the same contract, where nothing would come out otherwise now."""
    if upload.kind != "upload":
        return None
    same = {"sha256": upload.sha256, "contract": upload.contract, "contract_version": upload.contract_version}
    for row in ports.warehouse.query(sql.text("ledger/same_bytes"), same).to_pylist():
        account = Account(**records.get(ports, row["batch_id"]).staged)
        dated = any(problem["code"] == "future-date" for problem in account.problems)
        there = expiry.there(ports, (*account.accepted, *account.refused))
        if account.reader == reader() and there and not dated:
            return account
    return None


def _parts(ports: Ports, upload: Upload, contract: Contract, heard: Callable[[list[str]], None]) -> Iterator[Part]:
    """The rows of a batch by its kind; heavy libraries load here and not where light events are handled."""

    def open_original() -> BinaryIO:
        return ports.objects.open(upload.bucket, upload.object, upload.generation)

    received = datetime.fromisoformat(upload.received_at)
    if upload.kind == "messages":
        from tillstream.pipeline.staging.sources.store_sales import message_parts

        return message_parts(open_original, contract, received.date())
    if upload.kind == "correction":
        from tillstream.pipeline.staging.sources.correction import correction_parts

        return correction_parts(open_original, contract, upload.fix_number, received.date())
    from tillstream.pipeline.staging.sources.file import file_parts, replayed_parts

    if upload.kind == "replay":
        return replayed_parts(ports, upload, open_original, contract, received.date(), heard)
    return file_parts(open_original, contract, received.date(), ports.limits, heard)
