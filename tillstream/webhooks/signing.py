"""Signatures of webhooks, as the specification Standard Webhooks defines them."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def signature(texts: Iterable[str], id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature per secret, separated by spaces."""
    signed = b"%s.%d.%s" % (id.encode(), timestamp, body)
    keys = [base64.b64decode(text.removeprefix(PREFIX)) for text in texts]
    return " ".join("v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys)
