"""Complete resumable uploads: move the whole file into the inbox, or keep it for a preview."""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO

from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Conflict, NotFound, Rejected
from tillstream.domain.events import INBOX, STAGING
from tillstream.domain.resumable_upload import ResumableUpload
from tillstream.ports import Ports
from tillstream.workflows.intake import inbox_object, resumable_upload
from tillstream.workflows.onboarding import proposals

PATIENCE = timedelta(minutes=5)
"""Time after its last byte at which `clean_up` completes a whole file."""
KEPT = timedelta(days=3)
"""Retention of an abandoned upload; covers a weekend."""


def finish(ports: Ports, contracts: ContractRegistry, id: str, by: str) -> ResumableUpload:
    """Complete a whole file: move it into the inbox, or prepare it for a preview. Idempotent.

    Returns the record unchanged while bytes are missing. A file sent directly to the store is not registered here but
    by the inbox notification: the sha256 requires reading all of it, which is too slow for a request.
    Raises `Rejected` and deletes the bytes if they differ from what the sender announced.
    """
    sending = resumable_upload.get(ports, id, by)
    if sending.session and not sending.batch_id:
        return _finish_direct(ports, sending)
    if not sending.whole or sending.batch_id:
        return sending
    return _merge_parts(ports, sending) if sending.look else _into_inbox(ports, contracts, sending)


def ingest_previewed(ports: Ports, contracts: ContractRegistry, id: str, by: str, contract: str) -> ResumableUpload:
    """Move a previewed file into the inbox under this contract. Raises `Rejected`, `NotFound`."""
    pinned = contracts.pin(contract)
    _check_complete(resumable_upload.get(ports, id, by))
    resumable_upload.change(ports, id, by, lambda current: replace(current, contract=pinned.name, look=False))
    return finish(ports, contracts, id, by)


def open_complete(ports: Ports, sending: ResumableUpload) -> BinaryIO:
    """Open a whole file that is kept for a preview. Raises `Rejected` while it is incomplete."""
    if len(sending.parts) != 1:
        raise Rejected(f"{sending.file} is not completely uploaded yet.")
    return ports.objects.open(STAGING, sending.parts[0])


def clean_up(ports: Ports, contracts: ContractRegistry) -> int:
    """Complete whole files left by a crash and delete abandoned uploads; return the number deleted."""
    now, count = ports.clock.now(), 0
    for document in ports.documents.find(resumable_upload.COLLECTION):
        sending = ResumableUpload.from_json(document.data)
        if sending.touched_at <= (now - KEPT).isoformat():
            ports.documents.delete(resumable_upload.COLLECTION, sending.id)
            resumable_upload.forget(ports, sending)
            count += 1
        elif sending.whole and not sending.look and sending.touched_at <= (now - PATIENCE).isoformat():
            try:
                finish(ports, contracts, sending.id, sending.by)
            except (Rejected, Conflict):
                continue
    return count


def _merge_parts(ports: Ports, sending: ResumableUpload) -> ResumableUpload:
    """Merge the parts into one object, because readers need random access."""
    if len(sending.parts) == 1:
        return sending
    name = f"sending/{sending.id}/whole-{ports.clock.tick()}"
    try:
        _copy_parts(ports, sending, STAGING, name)
    except Conflict:  # a concurrent attempt was faster
        return resumable_upload.get(ports, sending.id, sending.by)
    updated = resumable_upload.change(ports, sending.id, sending.by, lambda now: _with_merged_part(now, sending, name))
    for part in sending.parts if updated.parts == (name,) else (name,):
        ports.objects.delete(STAGING, part)
    return updated


def _with_merged_part(current: ResumableUpload, before: ResumableUpload, name: str) -> ResumableUpload:
    return replace(current, parts=(name,)) if current.parts == before.parts else current


def _into_inbox(ports: Ports, contracts: ContractRegistry, sending: ResumableUpload) -> ResumableUpload:
    name = resumable_upload.inbox_name(sending)
    with suppress(Conflict):  # copied by an interrupted or concurrent attempt
        _copy_parts(ports, sending, INBOX, name, if_generation=0)
    upload = inbox_object.record_of(ports, contracts, ports.objects.stat(INBOX, name))
    return resumable_upload.mark_completed(ports, sending, upload.batch_id)


def _finish_direct(ports: Ports, sending: ResumableUpload) -> ResumableUpload:
    """Complete a file that its sender wrote directly to the store, which contains all of it or nothing."""
    if not sending.whole:
        bucket, name = resumable_upload.target_object(sending)
        try:
            size = ports.objects.stat(bucket, name).size
        except NotFound:
            return sending
        if size != sending.size:
            resumable_upload.cancel(ports, sending.id, sending.by)
            raise Rejected(
                f"{sending.file} should have {sending.size:,} bytes, but {size:,} were received. Upload it again."
            )
        parts = (name,) if sending.look else ()
        sending = resumable_upload.change(
            ports, sending.id, sending.by, lambda now: replace(now, offset=size, parts=parts)
        )
    if sending.look:
        return sending
    if sending.parts:
        with suppress(Conflict, NotFound):  # copied by an interrupted or concurrent attempt
            ports.objects.copy(STAGING, sending.parts[0], INBOX, resumable_upload.inbox_name(sending), if_generation=0)
    upload = resumable_upload.upload_of(ports, sending)
    return resumable_upload.mark_completed(ports, sending, upload.batch_id) if upload else sending


def _copy_parts(
    ports: Ports, sending: ResumableUpload, bucket: str, name: str, *, if_generation: int | None = None
) -> None:
    digest = hashlib.sha256()
    try:
        with ports.objects.writer(bucket, name, if_generation=if_generation) as writer:
            for data in resumable_upload.pieces(ports, sending):
                digest.update(data)
                writer.write(data)
            _check_sha256(sending, digest.hexdigest())
    except NotFound as error:  # a concurrent attempt was faster and has deleted the parts
        raise Conflict(f"{sending.file} is being assembled.") from error
    except Rejected:
        resumable_upload.cancel(ports, sending.id, sending.by)
        raise


def _check_sha256(sending: ResumableUpload, digest: str) -> None:
    if sending.sha256 and digest != sending.sha256:
        raise Rejected(f"{sending.file} does not match its announced checksum (sha256). Upload it again.")


def propose(
    ports: Ports, contracts: ContractRegistry, id: str, by: str, contract: Contract, changes: Iterable[str]
) -> ResumableUpload:
    """Move a previewed file into the inbox, held until its new contract is accepted. Raises `Rejected`."""
    if contract.name in contracts.names():
        raise Rejected(f"A contract {contract.name} already exists. Choose another name for the new contract.")
    _check_complete(resumable_upload.get(ports, id, by))
    proposal = proposals.of(contract, changes)
    resumable_upload.change(ports, id, by, lambda current: replace(current, proposed=proposal, look=False))
    return finish(ports, contracts, id, by)


def _check_complete(sending: ResumableUpload) -> None:
    if not sending.whole:
        raise Rejected(
            f"{sending.file} is not completely uploaded yet: {sending.offset:,} of {sending.size:,} bytes were "
            "received."
        )
