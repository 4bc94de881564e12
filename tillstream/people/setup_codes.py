"""Setup codes: one line of text with all that a till needs to send the sales of its store."""

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import time

from tillstream.people import store_keys, store_tokens
from tillstream.people.store_keys import StoreKey
from tillstream.people.store_tokens import StoreToken
from tillstream.ports import Ports

PREFIX = "tillsetup_"
MIDNIGHT = time(0, 0)


@dataclass(frozen=True)
class TillSetup:
    """What was created for a till. `code` contains the token and the private key, which cannot be read again."""

    token: StoreToken
    key: StoreKey
    code: str


def connect(
    ports: Ports, url: str, region: str, store_id: str, till: str, by: str, cutoff: time = MIDNIGHT
) -> TillSetup:
    """Create a token and a key of a till, and its setup code. Raises `Rejected`.

    url: the address of the portal, without a slash at the end. till: its ID; empty: one is made. cutoff: the time at
    which a business day of the region ends.
    """
    token, text = store_tokens.issue(ports, region, store_id, till.strip() or f"till-{secrets.token_hex(2)}", by)
    key, private = store_keys.issue(ports, token.region, token.store_id, token.label, by)
    return TillSetup(token, key, code_of(url, key, text, private, cutoff))


def reconnect(ports: Ports, url: str, key_id: str, by: str, cutoff: time = MIDNIGHT) -> TillSetup:
    """Create a token and a key that replace those of a till, whose own stay valid until they are revoked.

    Raises `NotFound`, `Rejected`.
    """
    key, private = store_keys.rotate(ports, key_id, by)
    token, text = store_tokens.issue(ports, key.region, key.store_id, key.till, by)
    return TillSetup(token, key, code_of(url, key, text, private, cutoff))


def code_of(url: str, key: StoreKey, token: str, private_key: str, cutoff: time = MIDNIGHT) -> str:
    """The setup code: a prefix and JSON as base64url without padding."""
    content = {
        "url": url,
        "region": key.region,
        "store_id": key.store_id,
        "token": token,
        "key": key.id,
        "private_key": private_key,
        "till": key.till,
        "cutoff": f"{cutoff:%H:%M}",
    }
    raw = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
