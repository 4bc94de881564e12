"""Who sent a store message: its signature, and the sequence number of its till, are verified.

A message that cannot be verified is kept whole. The reason is stored with its bytes, because keys are revoked later and
a rebuild must decide as before.

A document holds the hashes of `SEQUENCES_PER_DOCUMENT` numbers of one outbox epoch. If a number comes with a second
payload, both payloads are kept and judged by the rules of the ledger; the audit log has an event. What is recorded here
is stored, so that a number that a till was acknowledged and that is neither here nor in the queue is lost: see
`till_gaps`.
"""

import base64
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tillstream.model import audit, json_text
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Conflict
from tillstream.model.text import is_utf8
from tillstream.people import signatures, store_credentials
from tillstream.people.store_credentials import KeysOfStore
from tillstream.ports import Ports
from tillstream.ports.bus import Delivery, Message
from tillstream.ports.documents import MAX_UPDATE_TRIES, Put
from tillstream.records import audit_log

KEY_ATTRIBUTE, TILL_ATTRIBUTE, EPOCH_ATTRIBUTE, SEQUENCE_ATTRIBUTE, SIGNATURE_ATTRIBUTE = (
    "key",
    "till",
    "epoch",
    "sequence",
    "signature",
)
SIGNING_ATTRIBUTES = (KEY_ATTRIBUTE, TILL_ATTRIBUTE, EPOCH_ATTRIBUTE, SEQUENCE_ATTRIBUTE, SIGNATURE_ATTRIBUTE)
"""Attributes of a signed message."""
ADDRESS_ATTRIBUTE = "address"
"""Attribute with the network address that sent a message over HTTP."""
PORTAL_TILL = "portal"
NO_SIGNATURE = "it is not signed, although the store has a key"
WRONG_SIGNATURE = "its signature is wrong"
UNKNOWN_KEY = "its key is unknown"
REVOKED_KEY = "its key is revoked"
KEY_OF_OTHER_STORE = "its key belongs to another store"
StoreName = tuple[str, str]
"""Region and store."""

TILL_SEQUENCES_COLLECTION = "till_sequences"
SEQUENCES_PER_DOCUMENT = 256
DIGEST_DIGITS = 16
"""Hexadecimal digits of a hash."""
_NUMBER_FORMS = {
    EPOCH_ATTRIBUTE: (re.compile(r"[0-9a-f]{16}"), "16 hexadecimal digits, in lower case"),
    SEQUENCE_ATTRIBUTE: (re.compile(r"[1-9][0-9]{0,14}"), "a whole number from 1, of at most 15 digits"),
}


class SignatureVerifier:
    """Verifies messages with the keys as they are now; reads those of each store once."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._keys: dict[StoreName, KeysOfStore] = {}
        self._portal: tuple[str, str, str] | None = None

    def unverified(self, deliveries: Iterable[Delivery]) -> dict[str, str]:
        """ID of the delivery → why it is not verified, for those that are not."""
        reasons = {each.id: self.reason(each.message.body, each.message.attributes) for each in deliveries}
        return {name: reason for name, reason in reasons.items() if reason}

    def reason(self, body: bytes, attributes: Mapping[str, str]) -> str:
        """Why a message is not verified; empty if it is, or if it is not signed and its store accepts that."""
        store = store_of_message(body) or (attributes.get("region", ""), attributes.get("store_id", ""))
        keys = self._of(store)
        if not attributes.get(SIGNATURE_ATTRIBUTE):
            return "" if keys.accepts_unsigned else NO_SIGNATURE
        key_id = attributes.get(KEY_ATTRIBUTE, "")
        problem = self.key_problem(store, key_id)
        if problem:
            return problem
        public = next((one.public_key for one in keys.keys if one.id == key_id), self._portal_key()[2])
        return "" if signatures.is_valid_signature(public, body, attributes[SIGNATURE_ATTRIBUTE]) else WRONG_SIGNATURE

    def key_problem(self, store: StoreName, key_id: str) -> str:
        """Why a store cannot sign with a key; empty if it can, as the portal can for every store."""
        key = next((one for one in self._of(store).keys if one.id == key_id), None)
        if key:
            return REVOKED_KEY if key.revoked_at else ""
        if key_id == self._portal_key()[0]:
            return ""
        return KEY_OF_OTHER_STORE if key_id in self._all_keys else UNKNOWN_KEY

    def signed_only(self, store: StoreName) -> bool:
        """Whether the store accepts signed messages only."""
        return not self._of(store).accepts_unsigned

    def _of(self, store: StoreName) -> KeysOfStore:
        if store not in self._keys:
            self._keys[store] = (
                store_credentials.keys_of_store(self._ports, *store) if all(store) else KeysOfStore(*store)
            )
        return self._keys[store]

    @cached_property
    def _all_keys(self) -> set[str]:
        """IDs of the keys of all stores; read only for keys that the store does not have."""
        return {key.id for key in store_credentials.find_store_keys(self._ports)}

    def _portal_key(self) -> tuple[str, str, str]:
        if self._portal is None:
            self._portal = store_credentials.portal_key(self._ports)
        return self._portal


def store_of_message(body: bytes) -> StoreName | None:
    """Region and store that a message names; None if it cannot be read."""
    try:
        message = json_text.decode_json(body)
        return str(message["region"]), str(message["store_id"])
    except (ValueError, TypeError, KeyError):
        return None


def signature_fields(delivery: Delivery, reason: str) -> JsonObject:
    """Fields of the stored line of a message: how it was signed; why it is not verified, and its address."""
    attributes = delivery.message.attributes
    signing = {name: attributes[name] for name in SIGNING_ATTRIBUTES if name in attributes}
    fields: JsonObject = {"signing": signing} if signing else {}
    if reason:
        fields["unverified"] = reason
        if attributes.get(ADDRESS_ATTRIBUTE):
            fields["address"] = attributes[ADDRESS_ATTRIBUTE]
        if not is_utf8(delivery.message.body):
            fields["bytes"] = base64.b64encode(delivery.message.body).decode("ascii")
    return fields


@dataclass(frozen=True)
class NumberedMessage:
    """A message with its number in the outbox of a till. digest: the first `DIGEST_DIGITS` of the SHA-256 of its
    payload.

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
        name = f"{numbers}-{self.sequence // SEQUENCES_PER_DOCUMENT:013d}"
        return name if self.is_verified else f"unverified-{name}"


def outbox_id(region: str, store_id: str, till: str) -> str:
    """Beginning of the IDs of documents about a till."""
    return f"{store_credentials.store_document_id(region, store_id)}-{hashlib.sha256(till.encode()).hexdigest()[:8]}"


def record_sequences(ports: Ports, deliveries: Iterable[Delivery], unverified: Collection[str] = ()) -> None:
    """Record the numbers of stored messages; a number with another payload than before is a security event.

    Idempotent. unverified: IDs of deliveries that are not verified. Messages without a till, an epoch and a number are
    ignored.
    """
    documents: dict[str, list[NumberedMessage]] = {}
    for delivery in deliveries:
        if numbered := number_of_message(delivery.message, is_verified=delivery.id not in unverified):
            documents.setdefault(numbered.document, []).append(numbered)
    for _ in range(MAX_UPDATE_TRIES):
        puts = [put for name, messages in documents.items() for put in _sequence_changes(ports, name, messages)]
        if not puts:
            return
        try:
            ports.documents.put_all(puts)
        except Conflict:
            continue
        return
    raise Conflict("The sequence numbers of tills changed too often.")


def find_stored_messages(ports: Ports, messages: Iterable[NumberedMessage]) -> set[NumberedMessage]:
    """Which of these messages were recorded with the same payload, verified or not."""
    documents: dict[str, Mapping[str, Sequence[str]]] = {}
    recorded = set()
    for one in messages:
        for name in (replace(one, is_verified=verified).document for verified in (True, False)):
            if name not in documents:
                document = ports.documents.get(TILL_SEQUENCES_COLLECTION, name)
                documents[name] = document.data["hashes"] if document else {}
            if one.digest in documents[name].get(str(one.sequence), ()):
                recorded.add(one)
                break
    return recorded


def sequence_problem(attributes: Mapping[str, str]) -> str:
    """Which of epoch and sequence does not have its form; empty if each has, or is missing."""
    wrong = [
        f"{name} is {attributes[name]!r}; it must be {words}"
        for name, (form, words) in _NUMBER_FORMS.items()
        if attributes.get(name) and not form.fullmatch(attributes[name])
    ]
    return "; ".join(wrong)


def last_till_sequence(ports: Ports, region: str, store_id: str, till: str, epoch: str) -> int:
    """The highest number received from an outbox; 0 if none was."""
    prefix = f"{outbox_id(region, store_id, till)}-{epoch}"
    newest = ports.documents.find(
        TILL_SEQUENCES_COLLECTION, above=f"{prefix}-", below=f"{prefix}.", descending=True, limit=1
    )
    return max((int(number) for document in newest for number in document.data["hashes"]), default=0)


def _sequence_changes(ports: Ports, id: str, messages: list[NumberedMessage]) -> list[Put]:
    document = ports.documents.get(TILL_SEQUENCES_COLLECTION, id)
    before: dict[str, list[str]] = document.data["hashes"] if document else {}
    hashes, events = {number: list(digests) for number, digests in before.items()}, []
    for one in messages:
        digests = hashes.setdefault(str(one.sequence), [])
        if one.digest not in digests:
            digests.append(one.digest)
            if len(digests) > 1 and one.is_verified:
                events.append(_report_reused_number(ports, one))
    if hashes == before:
        return []
    first = messages[0]
    data: JsonObject = {"region": first.region, "store_id": first.store_id, "till": first.till}
    data |= {"epoch": first.epoch, "hashes": hashes}
    return [Put(TILL_SEQUENCES_COLLECTION, id, data, if_version=document.version if document else 0), *events]


def _report_reused_number(ports: Ports, one: NumberedMessage) -> Put:
    details = {"region": one.region, "till": one.till, "epoch": one.epoch, "sequence": one.sequence}
    return audit_log.entry(ports, "stores", audit.AuditAction.SALE_SEQUENCE_REUSED, one.store_id, None, details)


def number_of_message(message: Message, *, is_verified: bool = True) -> NumberedMessage | None:
    """Its number; None if it has none."""
    attributes = message.attributes
    names = ("region", "store_id", TILL_ATTRIBUTE, EPOCH_ATTRIBUTE, SEQUENCE_ATTRIBUTE)
    if not all(attributes.get(name) for name in names):
        return None
    if sequence_problem(attributes):
        return None
    region, store, till, epoch, sequence = (attributes[name] for name in names)
    digest = hashlib.sha256(message.body).hexdigest()[:DIGEST_DIGITS]
    return NumberedMessage(region, store, till, epoch, int(sequence), digest, is_verified)
