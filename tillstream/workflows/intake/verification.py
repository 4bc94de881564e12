"""Verify the signatures of store messages when they are received, whatever transport delivered them.

A message that cannot be verified is kept whole. The reason is stored with its bytes, because keys are revoked later and
a rebuild must decide as before.
"""

import base64
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from tillstream.model import json_text
from tillstream.people import signatures, store_credentials
from tillstream.people.store_credentials import KeysOfStore
from tillstream.ports import Ports
from tillstream.ports.bus import Delivery

KEY, TILL, EPOCH, SEQUENCE, SIGNATURE = "key", "till", "epoch", "sequence", "signature"
SIGNING = (KEY, TILL, EPOCH, SEQUENCE, SIGNATURE)
"""Attributes of a signed message."""
ADDRESS = "address"
"""Attribute with the network address that sent a message over HTTP."""
PORTAL_TILL = "portal"
NO_SIGNATURE = "it is not signed, although the store has a key"
WRONG = "its signature is wrong"
UNKNOWN_KEY = "its key is unknown"
REVOKED = "its key is revoked"
OTHER_STORE = "its key belongs to another store"
Store = tuple[str, str]
"""Region and store."""


class Verifier:
    """Verifies messages with the keys as they are now; reads those of each store once."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._keys: dict[Store, KeysOfStore] = {}
        self._portal: tuple[str, str, str] | None = None

    def unverified(self, deliveries: Iterable[Delivery]) -> dict[str, str]:
        """ID of the delivery → why it is not verified, for those that are not."""
        reasons = {each.id: self.reason(each.message.body, each.message.attributes) for each in deliveries}
        return {name: reason for name, reason in reasons.items() if reason}

    def reason(self, body: bytes, attributes: Mapping[str, str]) -> str:
        """Why a message is not verified; empty if it is, or if it is not signed and its store accepts that."""
        store = named_store(body) or (attributes.get("region", ""), attributes.get("store_id", ""))
        keys = self._of(store)
        if not attributes.get(SIGNATURE):
            return "" if keys.accepts_unsigned else NO_SIGNATURE
        key_id = attributes.get(KEY, "")
        problem = self.key_problem(store, key_id)
        if problem:
            return problem
        public = next((one.public_key for one in keys.keys if one.id == key_id), self._portal_key()[2])
        return "" if signatures.is_valid_signature(public, body, attributes[SIGNATURE]) else WRONG

    def key_problem(self, store: Store, key_id: str) -> str:
        """Why a store cannot sign with a key; empty if it can, as the portal can for every store."""
        key = next((one for one in self._of(store).keys if one.id == key_id), None)
        if key:
            return REVOKED if key.revoked_at else ""
        if key_id == self._portal_key()[0]:
            return ""
        return OTHER_STORE if key_id in self._all_keys else UNKNOWN_KEY

    def signed_only(self, store: Store) -> bool:
        """Whether the store accepts signed messages only."""
        return not self._of(store).accepts_unsigned

    def _of(self, store: Store) -> KeysOfStore:
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


def named_store(body: bytes) -> Store | None:
    """Region and store that a message names; None if it cannot be read."""
    try:
        message = json_text.decode_json(body)
        return str(message["region"]), str(message["store_id"])
    except (ValueError, TypeError, KeyError):
        return None


def envelope_fields(delivery: Delivery, reason: str) -> dict[str, Any]:
    """Fields of the stored line of a message: how it was signed; why it is not verified, and its address."""
    attributes = delivery.message.attributes
    signing = {name: attributes[name] for name in SIGNING if name in attributes}
    fields: dict[str, Any] = {"signing": signing} if signing else {}
    if reason:
        fields["unverified"] = reason
        if attributes.get(ADDRESS):
            fields["address"] = attributes[ADDRESS]
        if not _is_utf8(delivery.message.body):
            fields["bytes"] = base64.b64encode(delivery.message.body).decode("ascii")
    return fields


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
