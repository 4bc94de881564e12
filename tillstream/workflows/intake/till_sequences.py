"""Sequence numbers of tills: the same number with two payloads shows a restored copy of an outbox, or a stolen key.

A document holds the hashes of `PER_DOCUMENT` numbers of one outbox epoch. Both payloads are kept and judged by the
rules of the ledger; the audit log has an event. What is recorded here is stored, so that a number that a till was
acknowledged and that is neither here nor in the queue is lost: see `till_gaps`.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tillstream.model import audit
from tillstream.model.errors import Conflict
from tillstream.people import store_credentials
from tillstream.ports import Ports
from tillstream.ports.bus import Delivery, Message
from tillstream.ports.documents import MAX_UPDATE_TRIES, Put
from tillstream.records import audit_log
from tillstream.workflows.intake.verification import EPOCH, SEQUENCE, TILL

COLLECTION = "till_sequences"
PER_DOCUMENT = 256
DIGITS = 16
"""Hexadecimal digits of a hash."""
_FORMS = {
    EPOCH: (re.compile(r"[0-9a-f]{16}"), "16 hexadecimal digits, in lower case"),
    SEQUENCE: (re.compile(r"[1-9][0-9]{0,14}"), "a whole number from 1, of at most 15 digits"),
}


@dataclass(frozen=True)
class Numbered:
    """A message with its number in the outbox of a till. digest: the first `DIGITS` of the SHA-256 of its payload.

    is_verified: whether its signature was verified when it was received. Others are in quarantine: they are stored, and
    prove nothing about the outbox.
    """

    region: str
    store_id: str
    till: str
    epoch: str
    sequence: int
    digest: str
    is_verified: bool = True

    @property
    def document(self) -> str:
        numbers = f"{outbox_id(self.region, self.store_id, self.till)}-{self.epoch}"
        name = f"{numbers}-{self.sequence // PER_DOCUMENT:013d}"
        return name if self.is_verified else f"unverified-{name}"


def outbox_id(region: str, store_id: str, till: str) -> str:
    """Beginning of the IDs of documents about a till."""
    return f"{store_credentials.store_document_id(region, store_id)}-{hashlib.sha256(till.encode()).hexdigest()[:8]}"


def record(ports: Ports, deliveries: Iterable[Delivery], unverified: Collection[str] = ()) -> None:
    """Record the numbers of stored messages; a number with another payload than before is a security event.

    Idempotent. unverified: IDs of deliveries that are not verified. Messages without a till, an epoch and a number are
    ignored.
    """
    documents: dict[str, list[Numbered]] = {}
    for delivery in deliveries:
        if numbered := of_message(delivery.message, is_verified=delivery.id not in unverified):
            documents.setdefault(numbered.document, []).append(numbered)
    for _ in range(MAX_UPDATE_TRIES):
        puts = [put for name, messages in documents.items() for put in _changes(ports, name, messages)]
        if not puts:
            return
        try:
            ports.documents.put_all(puts)
        except Conflict:
            continue
        return
    raise Conflict("The sequence numbers of tills changed too often.")


def stored(ports: Ports, messages: Iterable[Numbered]) -> set[Numbered]:
    """Which of these messages were recorded with the same payload, verified or not."""
    documents: dict[str, Mapping[str, Sequence[str]]] = {}
    recorded = set()
    for one in messages:
        for name in (replace(one, is_verified=verified).document for verified in (True, False)):
            if name not in documents:
                document = ports.documents.get(COLLECTION, name)
                documents[name] = document.data["hashes"] if document else {}
            if one.digest in documents[name].get(str(one.sequence), ()):
                recorded.add(one)
                break
    return recorded


def problem_of(attributes: Mapping[str, str]) -> str:
    """Which of epoch and sequence does not have its form; empty if each has, or is missing."""
    wrong = [
        f"{name} is {attributes[name]!r}; it must be {words}"
        for name, (form, words) in _FORMS.items()
        if attributes.get(name) and not form.fullmatch(attributes[name])
    ]
    return "; ".join(wrong)


def last_sequence(ports: Ports, region: str, store_id: str, till: str, epoch: str) -> int:
    """The highest number received from an outbox; 0 if none was."""
    prefix = f"{outbox_id(region, store_id, till)}-{epoch}"
    newest = ports.documents.find(COLLECTION, above=f"{prefix}-", below=f"{prefix}.", descending=True, limit=1)
    return max((int(number) for document in newest for number in document.data["hashes"]), default=0)


def _changes(ports: Ports, id: str, messages: list[Numbered]) -> list[Put]:
    document = ports.documents.get(COLLECTION, id)
    before: dict[str, list[str]] = document.data["hashes"] if document else {}
    hashes, events = {number: list(digests) for number, digests in before.items()}, []
    for one in messages:
        digests = hashes.setdefault(str(one.sequence), [])
        if one.digest not in digests:
            digests.append(one.digest)
            if len(digests) > 1 and one.is_verified:
                events.append(_event(ports, one))
    if hashes == before:
        return []
    first = messages[0]
    data: dict[str, Any] = {"region": first.region, "store_id": first.store_id, "till": first.till}
    data |= {"epoch": first.epoch, "hashes": hashes}
    return [Put(COLLECTION, id, data, if_version=document.version if document else 0), *events]


def _event(ports: Ports, one: Numbered) -> Put:
    details = {"region": one.region, "till": one.till, "epoch": one.epoch, "sequence": one.sequence}
    return audit_log.entry(ports, "stores", audit.AuditAction.SALE_SEQUENCE_REUSED, one.store_id, None, details)


def of_message(message: Message, *, is_verified: bool = True) -> Numbered | None:
    """Its number; None if it has none."""
    attributes = message.attributes
    names = ("region", "store_id", TILL, EPOCH, SEQUENCE)
    if not all(attributes.get(name) for name in names):
        return None
    if problem_of(attributes):
        return None
    region, store, till, epoch, sequence = (attributes[name] for name in names)
    digest = hashlib.sha256(message.body).hexdigest()[:DIGITS]
    return Numbered(region, store, till, epoch, int(sequence), digest, is_verified)
