"""The outbox of e-mail: each message has a key and is added once; and what an address is."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from tillstream.model import audit
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.events import STAGING
from tillstream.ports import Ports
from tillstream.ports.documents import Document
from tillstream.records.outbox import Outbox, Report, ignore

MAIL_COLLECTION, MAIL_FOLDER = "outbox", "mail/"
MAIL_OUTBOX = Outbox(MAIL_COLLECTION, "message")
DAMAGED = "The stored message was damaged, so it is not sent. Make what it should have brought again."
AS_SENT = policy.SMTP.clone(cte_type="7bit")
"""Lines end with CRLF, and no byte has 8 bits: mail servers may refuse anything else."""
Send = Callable[[str, bytes], None]
"""Sends a message to an address; raises `Rejected` for good, `Unavailable` to try again."""


def is_address(text: str) -> bool:
    """Whether a text is one e-mail address, without a name."""
    name, at, host = text.rpartition("@")
    return bool(name and at and "." in host and text.isprintable()) and not any(one in text for one in ' ,;<>"')


@dataclass(frozen=True)
class MailAttachment:
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
    attachments: Sequence[MailAttachment] = ()

    @property
    def id(self) -> str:
        """Of the entry in the outbox."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class MailEntry:
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
    sha256: str = ""
    """Of its content; empty for a message of an earlier version."""


def add_mail(ports: Ports, mail: Mail, sender: str) -> bool:
    """Add a message; False if one with its key is there already."""
    if ports.documents.get(MAIL_COLLECTION, mail.id):
        return False
    content = _message(mail, sender, ports.clock.now())
    with ports.objects.writer(STAGING, _name(mail.id)) as stream:
        stream.write(content)
    fields = {"to": mail.to, "subject": mail.subject, "sha256": hashlib.sha256(content).hexdigest()}
    try:
        ports.documents.put_all([MAIL_OUTBOX.new(ports, mail.id, fields)])
    except Conflict:
        return False
    return True


def send_due_mail(ports: Ports, send: Send, report: Report = ignore) -> int:
    """Send the messages whose time has come; return how many were sent. report: of those that failed or are unclear."""

    def send_one(document: Document) -> None:
        with ports.objects.open(STAGING, _name(document.id)) as stream:
            content = stream.read()
        if document.data.get("sha256", "") not in {"", hashlib.sha256(content).hexdigest()}:
            raise Rejected(DAMAGED)
        send(document.data["to"], content)

    count = 0
    for sent in MAIL_OUTBOX.send_due(ports, send_one, report):
        ports.objects.delete(STAGING, _name(sent.id))
        count += 1
    return count


def has_due_mail(ports: Ports) -> bool:
    """Whether a message waits whose time has come, or belongs to a process that ended."""
    return MAIL_OUTBOX.has_due(ports)


def get_mail(ports: Ports, id: str) -> MailEntry | None:
    document = ports.documents.get(MAIL_COLLECTION, id)
    return MailEntry(id=id, **document.data) if document else None


def list_mail(ports: Ports, limit: int = 100) -> list[MailEntry]:
    """The messages that were changed last, newest first."""
    return [MailEntry(id=one.id, **one.data) for one in MAIL_OUTBOX.listed(ports, limit)]


def retry_mail(ports: Ports, id: str, *, by: str) -> None:
    """Send a message that failed, or whose fate is unclear, with the next ones. Raises `NotFound`, `Rejected`."""
    action = audit.AuditAction.MAIL_RETRIED
    MAIL_OUTBOX.try_again(ports, id, by, action, lambda document: f"mail to {document.data['to']}")


def _message(mail: Mail, sender: str, now: datetime) -> bytes:
    message = EmailMessage(policy=AS_SENT)
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message["Date"], message["Message-ID"] = format_datetime(now), f"<{mail.id}@tillstream>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    for one in mail.attachments:
        kind, _, subtype = one.media_type.partition(";")[0].partition("/")
        message.add_attachment(one.content, maintype=kind, subtype=subtype, filename=one.name)
    return message.as_bytes()


def _name(id: str) -> str:
    return f"{MAIL_FOLDER}{id}.eml"
