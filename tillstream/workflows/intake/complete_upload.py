"""What becomes of a file that was sent whole: it goes into the inbox, or stays a while to be looked at."""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO

from tillstream.contracts.registry import ContractBook
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Conflict, NotFound, Rejected
from tillstream.domain.events import INBOX, STAGING
from tillstream.domain.resumable_upload import Sending
from tillstream.ports import Ports
from tillstream.workflows.intake import inbox_object, resumable_upload
from tillstream.workflows.onboarding import proposals

PATIENCE = timedelta(minutes=5)
KEPT = timedelta(days=3)
"""How long a file that nobody goes on with is kept: over a weekend."""


def finish(ports: Ports, book: ContractBook, id: str, by: str) -> Sending:
    """Once all bytes are there: into the inbox, or ready to be looked at. Before, the record as it is. Repeatable.

    What went straight into the store becomes an upload when the inbox tells that it came, and not here: to know it by
    its sha256 all of it is read, which takes longer than a person waits.
    Raises `Rejected` where the bytes are not those that the sender announced; they are forgotten then.
    """
    known = resumable_upload.get(ports, id, by)
    if known.session and not known.batch_id:
        return _straight(ports, known)
    if not known.whole or known.batch_id:
        return known
    return _made_one(ports, known) if known.look else _into_inbox(ports, book, known)


def load(ports: Ports, book: ContractBook, id: str, by: str, contract: str) -> Sending:
    """A file that was looked at goes into the inbox under this contract. Raises `Rejected`, `NotFound`."""
    used = book.used(contract)
    _whole(resumable_upload.get(ports, id, by))
    resumable_upload.change(ports, id, by, lambda now: replace(now, contract=used.name, look=False))
    return finish(ports, book, id, by)


def opened(ports: Ports, known: Sending) -> BinaryIO:
    """A whole file that waits to be looked at."""
    if len(known.parts) != 1:
        raise Rejected(f"{known.file} has not come whole yet.")
    return ports.objects.open(STAGING, known.parts[0])


def sweep(ports: Ports, book: ContractBook) -> int:
    """Finish what came whole and was left so by a crash; forget what nobody goes on with, and say how many."""
    now, count = ports.clock.now(), 0
    for document in ports.documents.find(resumable_upload.COLLECTION):
        known = Sending.from_json(document.data)
        if known.touched_at <= (now - KEPT).isoformat():
            ports.documents.delete(resumable_upload.COLLECTION, known.id)
            resumable_upload.forget(ports, known)
            count += 1
        elif known.whole and not known.look and known.touched_at <= (now - PATIENCE).isoformat():
            try:
                finish(ports, book, known.id, known.by)
            except (Rejected, Conflict):
                continue
    return count


def _made_one(ports: Ports, known: Sending) -> Sending:
    """Readers jump about in a file: its pieces become one object."""
    if len(known.parts) == 1:
        return known
    name = f"sending/{known.id}/whole-{ports.clock.tick()}"
    try:
        _copied(ports, known, STAGING, name)
    except Conflict:  # a try beside this one was faster
        return resumable_upload.get(ports, known.id, known.by)
    made = resumable_upload.change(ports, known.id, known.by, lambda now: _in_place(now, known, name))
    for part in known.parts if made.parts == (name,) else (name,):
        ports.objects.delete(STAGING, part)
    return made


def _in_place(now: Sending, read: Sending, name: str) -> Sending:
    return replace(now, parts=(name,)) if now.parts == read.parts else now


def _into_inbox(ports: Ports, book: ContractBook, known: Sending) -> Sending:
    name = resumable_upload.place_of(known)
    with suppress(Conflict):  # kept there by a try that was broken off, or by one beside this
        _copied(ports, known, INBOX, name, if_generation=0)
    upload = inbox_object.record_of(ports, book, ports.objects.stat(INBOX, name))
    return resumable_upload.became(ports, known, upload.batch_id)


def _straight(ports: Ports, known: Sending) -> Sending:
    """What its sender sent into the store himself is there whole, or not at all."""
    if not known.whole:
        bucket, name = resumable_upload.aim(known)
        try:
            size = ports.objects.stat(bucket, name).size
        except NotFound:
            return known
        if size != known.size:
            resumable_upload.cancel(ports, known.id, known.by)
            raise Rejected(f"{known.file} was announced with {known.size:,} bytes, and {size:,} came. Send it again.")
        parts = (name,) if known.look else ()
        known = resumable_upload.change(ports, known.id, known.by, lambda now: replace(now, offset=size, parts=parts))
    if known.look:
        return known
    if known.parts:
        with suppress(Conflict, NotFound):  # copied by a try that was broken off, or by one beside this
            ports.objects.copy(STAGING, known.parts[0], INBOX, resumable_upload.place_of(known), if_generation=0)
    upload = resumable_upload.upload_of(ports, known)
    return resumable_upload.became(ports, known, upload.batch_id) if upload else known


def _copied(ports: Ports, known: Sending, bucket: str, name: str, *, if_generation: int | None = None) -> None:
    digest = hashlib.sha256()
    try:
        with ports.objects.writer(bucket, name, if_generation=if_generation) as writer:
            for data in resumable_upload.pieces(ports, known):
                digest.update(data)
                writer.write(data)
            _compare(known, digest.hexdigest())
    except NotFound as error:  # another try was faster, and has put the pieces away
        raise Conflict(f"{known.file} is being put together.") from error
    except Rejected:
        resumable_upload.cancel(ports, known.id, known.by)
        raise


def _compare(known: Sending, digest: str) -> None:
    if known.sha256 and digest != known.sha256:
        raise Rejected(f"{known.file} came otherwise than it was announced (sha256). Send it again.")


def propose(ports: Ports, book: ContractBook, id: str, by: str, contract: Contract, changes: Iterable[str]) -> Sending:
    """A file that was looked at goes into the inbox and waits there for its new contract. Raises `Rejected`."""
    if contract.name in book.names():
        raise Rejected(f"There is a contract {contract.name} already; give the new one another name.")
    _whole(resumable_upload.get(ports, id, by))
    told = proposals.of(contract, changes)
    resumable_upload.change(ports, id, by, lambda now: replace(now, proposed=told, look=False))
    return finish(ports, book, id, by)


def _whole(known: Sending) -> None:
    if not known.whole:
        raise Rejected(f"{known.file} has not come whole yet: {known.offset:,} of {known.size:,} bytes are here.")
