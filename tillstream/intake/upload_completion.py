"""Complete resumable uploads: move the whole file into the inbox, or keep it for a preview."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import BinaryIO

from tillstream.contracts.registry import ContractRegistry
from tillstream.intake import inbox, resumable_upload
from tillstream.model.audit import AuditAction
from tillstream.model.contract import Contract
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.events import INBOX, STAGING
from tillstream.model.uploads import ResumableUpload
from tillstream.ports import Ports
from tillstream.records import audit_log
from tillstream.review import contract_proposals

COMPLETION_PATIENCE = timedelta(minutes=5)
"""Time after its last byte at which `clean_up_uploads` completes a whole file."""
INCOMPLETE_RETENTION = timedelta(days=3)
"""Retention of an upload that is not complete; covers a weekend."""
MAX_REGION_LENGTH = 60
"""Characters of the name of a region."""
SWEEP_ACTOR = "sweep"
"""The actor of audit entries about expired previews."""


def finish_upload(ports: Ports, contracts: ContractRegistry, id: str, by: str) -> ResumableUpload:
    """Complete a whole file: move it into the inbox, or prepare it for a preview. Idempotent.

    Returns the record unchanged while bytes are missing. A file sent directly to the store is not registered here but
    by the inbox notification: the sha256 requires reading all of it, which is too slow for a request.
    Raises `Rejected` and deletes the bytes if they differ from what the sender announced.
    """
    upload = resumable_upload.get_upload(ports, id, by)
    if upload.session and not upload.batch_id:
        return _finish_direct(ports, upload)
    if not upload.whole or upload.batch_id:
        return upload
    return _merge_parts(ports, upload) if upload.look else _into_inbox(ports, contracts, upload)


def ingest_previewed(ports: Ports, contracts: ContractRegistry, id: str, by: str, contract: str) -> ResumableUpload:
    """Move a previewed file into the inbox under this contract. Raises `Rejected`, `NotFound`."""
    pinned = contracts.pin(contract)
    _check_complete(resumable_upload.get_upload(ports, id, by))
    resumable_upload.change_upload(ports, id, by, lambda current: replace(current, contract=pinned.name, look=False))
    return finish_upload(ports, contracts, id, by)


def open_complete_upload(ports: Ports, upload: ResumableUpload) -> BinaryIO:
    """Open a whole file that is kept for a preview. Raises `Rejected` while it is incomplete."""
    if len(upload.parts) != 1:
        raise Rejected(f"{upload.file} is not completely uploaded yet.")
    return ports.objects.open(STAGING, upload.parts[0])


def clean_up_uploads(ports: Ports, contracts: ContractRegistry) -> int:
    """Complete whole files whose sender or event was lost and delete abandoned uploads; return the number deleted.

    The end of a preview is audited: its owner uploaded a whole file, of which nothing was loaded.
    """
    now, count = ports.clock.now(), 0
    left = (now - COMPLETION_PATIENCE).isoformat()
    for document in ports.documents.find(resumable_upload.COLLECTION):
        upload = ResumableUpload.from_json(document.data)
        if upload.is_cancelled or upload_expires_at(ports, upload) <= now:
            resumable_upload.delete_unused_original(ports, upload)
            ports.documents.delete(resumable_upload.COLLECTION, upload.id)
            resumable_upload.delete_staged_pieces(ports, upload)
            if upload.waits:
                about = {"file": upload.file, "size": upload.size, "uploaded_by": upload.by, "at": upload.begun_at}
                audit_log.record(ports, SWEEP_ACTOR, AuditAction.UPLOAD_PREVIEW_EXPIRED, upload.id, about)
            count += 1
        elif (upload.whole or upload.session) and not upload.look and upload.touched_at <= left:
            with suppress(Rejected, Conflict, NotFound):
                _complete(ports, contracts, upload)
    return count


def upload_expires_at(ports: Ports, upload: ResumableUpload) -> datetime:
    """When the upload is deleted unless it is continued, or loaded from its preview."""
    kept = ports.limits.preview_kept if upload.waits else INCOMPLETE_RETENTION
    return datetime.fromisoformat(upload.touched_at) + kept


def _complete(ports: Ports, contracts: ContractRegistry, upload: ResumableUpload) -> None:
    """Finish an upload that its sender left, and register a file sent directly to the store whose event was lost."""
    finished = finish_upload(ports, contracts, upload.id, upload.by)
    if finished.whole and not finished.batch_id:
        stored = ports.objects.stat(INBOX, resumable_upload.upload_inbox_name(finished))
        inbox.ensure_record(ports, contracts, stored)


def _merge_parts(ports: Ports, upload: ResumableUpload) -> ResumableUpload:
    """Merge the parts into one object, because readers need random access."""
    if len(upload.parts) == 1:
        return upload
    name = f"sending/{upload.id}/whole-{ports.clock.tick()}"
    try:
        sha256 = _copy_parts(ports, upload, STAGING, name)
    except Conflict:  # a concurrent attempt was faster
        return resumable_upload.get_upload(ports, upload.id, upload.by)
    merged = partial(_with_merged_part, before=upload, name=name, sha256=sha256)
    updated = resumable_upload.change_upload(ports, upload.id, upload.by, merged)
    for part in upload.parts if updated.parts == (name,) else (name,):
        ports.objects.delete(STAGING, part)
    return updated


def _with_merged_part(current: ResumableUpload, before: ResumableUpload, name: str, sha256: str) -> ResumableUpload:
    return replace(current, parts=(name,), digests=(sha256,)) if current.parts == before.parts else current


def _into_inbox(ports: Ports, contracts: ContractRegistry, upload: ResumableUpload) -> ResumableUpload:
    name = resumable_upload.upload_inbox_name(upload)
    with suppress(Conflict):  # copied by an interrupted or concurrent attempt
        _copy_parts(ports, upload, INBOX, name, if_generation=0)
    batch = inbox.ensure_record(ports, contracts, ports.objects.stat(INBOX, name))
    return resumable_upload.mark_completed(ports, upload, batch.batch_id)


def _finish_direct(ports: Ports, upload: ResumableUpload) -> ResumableUpload:
    """Complete a file that its sender wrote directly to the store, which contains all of it or nothing."""
    if not upload.whole:
        bucket, name = resumable_upload.target_object(upload)
        try:
            size = ports.objects.stat(bucket, name).size
        except NotFound:
            return upload
        if size != upload.size:
            resumable_upload.cancel_upload(ports, upload.id, upload.by)
            raise Rejected(
                f"{upload.file} should have {upload.size:,} bytes, but {size:,} were received. Upload it again."
            )
        parts = (name,) if upload.look else ()
        upload = resumable_upload.change_upload(
            ports, upload.id, upload.by, lambda now: replace(now, offset=size, parts=parts)
        )
    if upload.look:
        return upload
    if upload.parts:
        with suppress(Conflict, NotFound):  # copied by an interrupted or concurrent attempt
            ports.objects.copy(
                STAGING, upload.parts[0], INBOX, resumable_upload.upload_inbox_name(upload), if_generation=0
            )
    batch = resumable_upload.batch_of_upload(ports, upload)
    return resumable_upload.mark_completed(ports, upload, batch.batch_id) if batch else upload


def _copy_parts(
    ports: Ports, upload: ResumableUpload, bucket: str, name: str, *, if_generation: int | None = None
) -> str:
    """Write the parts as one object, and return its SHA-256. Raises `Conflict` if another attempt was faster, and
    `Rejected` if a part is lost or damaged, which cancels the upload."""
    digest = hashlib.sha256()
    try:
        with ports.objects.writer(bucket, name, if_generation=if_generation) as writer:
            for data in resumable_upload.stored_pieces(ports, upload):
                digest.update(data)
                writer.write(data)
            _check_sha256(upload, digest.hexdigest())
    except NotFound as error:
        if resumable_upload.get_upload(ports, upload.id, upload.by).parts != upload.parts:
            raise Conflict(f"{upload.file} is being assembled.") from error  # a concurrent attempt deleted the parts
        resumable_upload.cancel_upload(ports, upload.id, upload.by)
        raise Rejected(f"A part of {upload.file} is lost. Upload the file again.") from error
    except Rejected:
        resumable_upload.cancel_upload(ports, upload.id, upload.by)
        raise
    return digest.hexdigest()


def _check_sha256(upload: ResumableUpload, digest: str) -> None:
    if upload.sha256 and digest != upload.sha256:
        raise Rejected(f"{upload.file} does not match its announced checksum (sha256). Upload it again.")


def propose_contract_for_upload(
    ports: Ports, contracts: ContractRegistry, id: str, by: str, contract: Contract, changes: Iterable[str]
) -> ResumableUpload:
    """Move a previewed file into the inbox, held until its new contract is accepted. Raises `Rejected`."""
    if contract.name in contracts.in_use():
        raise Rejected(f"A contract {contract.name} already exists. Choose another name for the new contract.")
    _check_complete(resumable_upload.get_upload(ports, id, by))
    proposal = contract_proposals.proposal_of(contract, changes)
    resumable_upload.change_upload(ports, id, by, lambda current: replace(current, proposed=proposal, look=False))
    return finish_upload(ports, contracts, id, by)


def request_region(
    ports: Ports, contracts: ContractRegistry, id: str, by: str, region: str, answers: Mapping[str, str]
) -> ResumableUpload:
    """Move a previewed file into the inbox, held until an administrator answers for its region. Raises `Rejected`.

    answers: those of the owner to the questions about the file, which are kept with it.
    """
    name = " ".join(region.split())
    if not 0 < len(name) <= MAX_REGION_LENGTH:
        raise Rejected(f"Enter the name of the region, with at most {MAX_REGION_LENGTH} characters.")
    _check_complete(resumable_upload.get_upload(ports, id, by))
    kept = {**answers, "region": name}
    resumable_upload.change_upload(
        ports, id, by, lambda current: replace(current, requested_region=name, answers=kept, look=False)
    )
    return finish_upload(ports, contracts, id, by)


def _check_complete(upload: ResumableUpload) -> None:
    if not upload.whole:
        raise Rejected(
            f"{upload.file} is not completely uploaded yet: {upload.offset:,} of {upload.size:,} bytes were received."
        )
