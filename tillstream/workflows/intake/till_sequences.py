"""Sequence numbers of tills: the same number with two payloads shows a restored copy of an outbox, or a stolen key.

A document holds the hashes of `PER_DOCUMENT` numbers of one outbox epoch. Both payloads are kept and judged by the
rules of the ledger; the audit log has an event.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tillstream import audit
from tillstream.domain.errors import Conflict
from tillstream.people import store_keys
from tillstream.ports import Ports
from tillstream.ports.document_store import MAX_TRIES, Put
from tillstream.ports.event_bus import Delivery
from tillstream.workflows.intake.verification import EPOCH, SEQUENCE, TILL

COLLECTION = "till_sequences"
PER_DOCUMENT = 256
_FORMS = {
    EPOCH: (re.compile(r"[0-9a-f]{16}"), "16 hexadecimal digits, in lower case"),
    SEQUENCE: (re.compile(r"[1-9][0-9]{0,14}"), "a whole number from 1, of at most 15 digits"),
}


@dataclass(frozen=True)
class _Numbered:
    """A message with its number in the outbox of a till."""

    region: str
    store_id: str
    till: str
    epoch: str
    sequence: int
    digest: str

    @property
    def document(self) -> str:
        store = store_keys.document_id(self.region, self.store_id)
        till = hashlib.sha256(self.till.encode()).hexdigest()[:8]
        return f"{store}-{till}-{self.epoch}-{self.sequence // PER_DOCUMENT:013d}"


def record(ports: Ports, deliveries: Iterable[Delivery]) -> None:
    """Record the numbers of these messages; a number with another payload than before is a security event.

    Idempotent. deliveries: verified ones; those without a till, an epoch and a number are ignored.
    """
    documents: dict[str, list[_Numbered]] = {}
    for numbered in filter(None, map(_numbered, deliveries)):
        documents.setdefault(numbered.document, []).append(numbered)
    for _ in range(MAX_TRIES):
        puts = [put for name, messages in documents.items() for put in _changes(ports, name, messages)]
        if not puts:
            return
        try:
            ports.documents.put_all(puts)
        except Conflict:
            continue
        return
    raise Conflict("The sequence numbers of tills changed too often.")


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
    numbered = _Numbered(region, store_id, till, epoch, 0, "")
    prefix = numbered.document.rpartition("-")[0]
    newest = ports.documents.find(COLLECTION, above=f"{prefix}-", below=f"{prefix}.", descending=True, limit=1)
    return max((int(number) for document in newest for number in document.data["hashes"]), default=0)


def _changes(ports: Ports, id: str, messages: list[_Numbered]) -> list[Put]:
    document = ports.documents.get(COLLECTION, id)
    before: dict[str, list[str]] = document.data["hashes"] if document else {}
    hashes, events = {number: list(digests) for number, digests in before.items()}, []
    for one in messages:
        digests = hashes.setdefault(str(one.sequence), [])
        if one.digest not in digests:
            digests.append(one.digest)
            if len(digests) > 1:
                events.append(_event(ports, one))
    if hashes == before:
        return []
    first = messages[0]
    data: dict[str, Any] = {"region": first.region, "store_id": first.store_id, "till": first.till}
    data |= {"epoch": first.epoch, "hashes": hashes}
    return [Put(COLLECTION, id, data, if_version=document.version if document else 0), *events]


def _event(ports: Ports, one: _Numbered) -> Put:
    details = {"region": one.region, "till": one.till, "epoch": one.epoch, "sequence": one.sequence}
    return audit.entry(ports, "stores", audit.AuditAction.SALE_SEQUENCE_REUSED, one.store_id, None, details)


def _numbered(delivery: Delivery) -> _Numbered | None:
    attributes = delivery.message.attributes
    names = ("region", "store_id", TILL, EPOCH, SEQUENCE)
    if not all(attributes.get(name) for name in names):
        return None
    if problem_of(attributes):
        return None
    region, store, till, epoch, sequence = (attributes[name] for name in names)
    return _Numbered(region, store, till, epoch, int(sequence), hashlib.sha256(delivery.message.body).hexdigest()[:16])
