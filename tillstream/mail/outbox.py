"""The outbox: messages that wait, are being sent, or were sent.

A message has a key; a second one with the same key is not added. Before it is sent, it is noted as `sending`: if the
process ends then, it is not clear whether the server took it. Such a message is not sent again by itself, but shown.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from tillstream import audit
from tillstream.domain.errors import Conflict, NotFound, Rejected, Unavailable
from tillstream.domain.events import STAGING
from tillstream.ports import Ports
from tillstream.ports.document_store import Document

COLLECTION, FOLDER = "outbox", "mail/"
WAITING, SENDING, SENT, FAILED, UNCLEAR = "waiting", "sending", "sent", "failed", "unclear"
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=8))
"""Time before each further try; after the last one the message has failed."""
AS_SENT = policy.SMTP.clone(cte_type="7bit")
"""Lines end with CRLF, and no byte has 8 bits: mail servers may refuse anything else."""
LONGEST = timedelta(minutes=15)
"""Time after which a message that is being sent belongs to a process that ended."""
Send = Callable[[str, bytes], None]
"""Sends a message to an address; raises `Rejected` for good, `Unavailable` to try again."""
NOT_SENT = "message not sent"
"""Line of the log for a message that has failed or is unclear; an alert counts it."""
Report = Callable[[str], None]
"""Receives a sentence for operators."""


@dataclass(frozen=True)
class Attachment:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """A message to one address. key: what makes it the only one of its kind. html: a complete page."""

    key: str
    to: str
    subject: str
    text: str
    html: str = ""
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True)
class Entry:
    """A message of the outbox. Times are ISO 8601 UTC text. error: of the last try."""

    id: str
    to: str
    subject: str
    state: str
    tries: int
    created_at: str
    next_try_at: str
    changed_at: str
    error: str = ""


def add(ports: Ports, mail: Mail, sender: str) -> bool:
    """Add a message; False if one with its key is there already."""
    mail_id = hashlib.sha256(mail.key.encode()).hexdigest()[:32]
    if ports.documents.get(COLLECTION, mail_id):
        return False
    now = ports.clock.now()
    with ports.objects.writer(STAGING, _name(mail_id)) as stream:
        stream.write(_message(mail, sender, mail_id, now))
    at = _text(now)
    data = {"to": mail.to, "subject": mail.subject, "state": WAITING, "tries": 0, "error": ""}
    try:
        ports.documents.put(
            COLLECTION, mail_id, data | {"created_at": at, "next_try_at": at, "changed_at": at}, if_version=0
        )
    except Conflict:
        return False
    return True


def ignore(_: str) -> None:
    """Report nothing."""


def send_due(ports: Ports, send: Send, report: Report = ignore) -> int:
    """Send the messages whose time has come; return how many were sent. report: of those that failed or are unclear."""
    now, count = ports.clock.now(), 0
    for document in _abandoned(ports, now):
        with suppress(Conflict):  # another process noticed it too
            _end(ports, document, UNCLEAR, "The process ended while it sent the message.", report)
    for document in _waiting(ports, now):
        count += _send(ports, document, send, report)
    return count


def has_due(ports: Ports) -> bool:
    """Whether a message waits whose time has come, or belongs to a process that ended."""
    now = ports.clock.now()
    return bool(_waiting(ports, now) or _abandoned(ports, now))


def _waiting(ports: Ports, now: datetime) -> list[Document]:
    waiting = ports.documents.find(COLLECTION, {"state": WAITING})
    return [one for one in waiting if one.data["next_try_at"] <= _text(now)]


def _abandoned(ports: Ports, now: datetime) -> list[Document]:
    begun = ports.documents.find(COLLECTION, {"state": SENDING})
    return [one for one in begun if one.data["changed_at"] < _text(now - LONGEST)]


def listed(ports: Ports, limit: int = 100) -> list[Entry]:
    """The messages that were changed last, newest first."""
    documents = ports.documents.find(COLLECTION, order_by="changed_at", descending=True, limit=limit)
    return [Entry(id=one.id, **one.data) for one in documents]


def try_again(ports: Ports, id: str, *, by: str) -> None:
    """Send a message that failed, or whose fate is unclear, with the next ones. Raises `NotFound`, `Rejected`."""
    document = ports.documents.get(COLLECTION, id)
    if document is None:
        raise NotFound("There is no such message.")
    if document.data["state"] not in {FAILED, UNCLEAR}:
        raise Rejected(f"The message is {document.data['state']}.")
    audit.record(ports, by, audit.AuditAction.MAIL_RETRIED, f"mail to {document.data['to']}")
    _change(ports, document, WAITING, tries=0)


def _send(ports: Ports, document: Document, send: Send, report: Report) -> bool:
    try:
        noted = _change(ports, document, SENDING, tries=document.data["tries"] + 1)
    except Conflict:
        return False  # another process sends it
    try:
        with ports.objects.open(STAGING, _name(document.id)) as stream:
            content = stream.read()
        send(document.data["to"], content)
    except (Rejected, NotFound) as error:
        _end(ports, noted, FAILED, str(error), report)
        return False
    except Unavailable as error:
        tries = noted.data["tries"]
        if tries > len(PAUSES):
            _end(ports, noted, FAILED, str(error), report)
        else:
            later = ports.clock.now() + PAUSES[tries - 1]
            _change(ports, noted, WAITING, error=str(error), next_try_at=_text(later))
        return False
    _change(ports, noted, SENT)
    ports.objects.delete(STAGING, _name(document.id))
    return True


def _end(ports: Ports, document: Document, state: str, error: str, report: Report) -> None:
    """Note a message that is not tried again by itself."""
    _change(ports, document, state, error=error)
    report(f"{document.id}: {state}. {error}")


def _change(ports: Ports, document: Document, state: str, error: str = "", **changes: object) -> Document:
    data = document.data | {"state": state, "error": error, "changed_at": _text(ports.clock.now())} | changes
    return ports.documents.put(COLLECTION, document.id, data, if_version=document.version)


def _message(mail: Mail, sender: str, id: str, now: datetime) -> bytes:
    message = EmailMessage(policy=AS_SENT)
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message["Date"], message["Message-ID"] = format_datetime(now), f"<{id}@tillstream>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    for one in mail.attachments:
        kind, _, subtype = one.media_type.partition(";")[0].partition("/")
        message.add_attachment(one.content, maintype=kind, subtype=subtype, filename=one.name)
    return message.as_bytes()


def _name(id: str) -> str:
    return f"{FOLDER}{id}.eml"


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
