"""Submit corrections: rejected rows are corrected, accepted unchanged, or discarded with a reason."""

import io
from functools import partial
from typing import BinaryIO

from tillstream.contracts.registry import contract_version
from tillstream.model.batch import STATES_IN_LEDGER, TERMINAL_STATES, Batch, BatchKind
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.ids import batch_id
from tillstream.model.people import BoundStores
from tillstream.ports import Ports
from tillstream.ports.objects import StoredObject
from tillstream.receipts import original_rows
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records, batch_registration

CORRECTIONS_FOLDER = "corrections"


def submit_correction(
    ports: Ports, batch: str, name: str, stream: BinaryIO, by: str, *, stores: BoundStores = None
) -> Batch:
    """Store a corrected file of a batch's rejected rows and create its record; staging and settling follow.

    stores: to which the user is bound.
    Raises `Rejected` if the file is not a corrected copy of the downloaded one or if one of its rows is not in
    quarantine, and `NotFound`.
    """
    from tillstream.pipeline.staging.correction_source import corrected_row_numbers
    from tillstream.review.canonical_csv import to_canonical_csv

    upload = batch_records.get_batch(ports, batch)
    check_correctable(ports, upload)
    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    names = original_rows.original_shape(ports, upload).names
    corrected = to_canonical_csv(stream.read(), names, contract.numbers.decimal, ports.limits)
    quarantined = {row["row_number"] for row in receipts.quarantined_rows(ports, upload)}
    numbers = corrected_row_numbers(lambda: io.BytesIO(corrected))
    not_correctable = sorted(set(numbers) - quarantined | pending_correction_rows(ports, batch).intersection(numbers))
    if not numbers:
        raise Rejected(f"{name} contains no rows.")
    if not_correctable:
        raise Rejected(f"Row {not_correctable[0]} of {upload.file} is not a row to fix (any more).")
    return register_correction(ports, store_correction(ports, upload, corrected, stores), by, file=name)


def check_correctable(ports: Ports, upload: Batch) -> None:
    """Raise `Rejected` if corrections of the upload cannot be submitted now."""
    batch_records.check_changeable_here(ports, upload)
    if upload.kind is BatchKind.STORE_SALES:
        raise Rejected("Sales of tills are corrected where they were made. Send them again with a higher version.")
    if not upload.is_file or upload.state not in STATES_IN_LEDGER:
        raise Rejected(f"{upload.file} is {upload.state}. Only rows to fix of an imported file can be corrected.")
    batch_records.finished_replays(ports, upload)


def pending_correction_rows(ports: Ports, batch: str) -> set[int]:
    """Return row numbers in stored but unsettled corrections; a second correction would count them twice."""
    from tillstream.pipeline.staging.correction_source import corrected_row_numbers

    rows: set[int] = set()
    for correction in batch_records.child_batches(ports, batch, BatchKind.CORRECTION):
        if correction.state not in TERMINAL_STATES | STATES_IN_LEDGER:
            rows |= set(corrected_row_numbers(partial(ports.objects.open, correction.bucket, correction.object)))
    return rows


def store_correction(ports: Ports, upload: Batch, corrected: bytes, stores: BoundStores) -> StoredObject:
    """Store a correction under the next free name. stores: to which its writer is bound."""
    number = next_correction_number(ports, upload) - 1
    while True:
        number += 1
        target = f"{CORRECTIONS_FOLDER}/{upload.batch_id}/{number}.csv"
        batch_registration.note_bound_stores(ports, target, stores)
        try:
            with ports.objects.writer(INBOX, target, if_generation=0) as writer:
                writer.write(corrected)
        except Conflict:
            continue
        if writer.stored is None:
            raise NotFound("The corrected file was not stored.")
        return writer.stored


def register_correction(ports: Ports, stored: StoredObject, by: str = "", *, file: str = "") -> Batch:
    """Create the record of a stored correction; batch and correction number are parsed from the object's name."""
    _, batch, number = stored.name.split("/")
    with ports.objects.open(stored.bucket, stored.name, stored.generation) as stream:
        sha256 = batch_registration.digest_of_stream(stream)
    parent, stores = batch_records.get_batch(ports, batch), batch_registration.bound_stores_of(ports, stored.name)
    return batch_records.create_batch(
        ports, correction_record(ports, parent, stored, int(number.removesuffix(".csv")), sha256, by, file, stores)
    )


def correction_record(
    ports: Ports,
    parent: Batch,
    stored: StoredObject,
    fix_number: int,
    sha256: str,
    by: str = "",
    file: str = "",
    stores: BoundStores = None,
) -> Batch:
    """Build the record of a correction without writing it; previews use it as well. stores: to which `by` is bound."""
    now = ports.clock.now().isoformat()
    return Batch(
        batch_id=batch_id(f"{parent.batch_id}/fix", fix_number, sha256),
        kind=BatchKind.CORRECTION,
        bucket=stored.bucket,
        object=stored.name,
        generation=stored.generation,
        size=stored.size,
        file=file or f"Correction {fix_number} of {parent.file}",
        contract=parent.contract,
        contract_version=parent.contract_version,
        region=parent.region,
        received_seq=parent.received_seq,
        received_at=now,
        received_by=by or parent.received_by,
        stores=stores,
        state_at=now,
        sha256=sha256,
        parent=parent.batch_id,
        fix_number=fix_number,
    )


def next_correction_number(ports: Ports, upload: Batch) -> int:
    return (
        1
        + len(batch_records.inherited_corrections(ports, upload))
        + len(batch_records.child_batches(ports, upload.batch_id, BatchKind.CORRECTION))
    )
