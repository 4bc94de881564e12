"""Deterministic ids, so that a retry of the same work produces the same id."""

import hashlib
from collections.abc import Iterable


def short_hash(*parts: object, length: int) -> str:
    """The first hex digits of a hash of texts."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def batch_id(origin: str, sequence: int, sha256: str) -> str:
    """20 hex digits. origin: bucket/object, or the batch replayed or corrected; sequence: generation or number."""
    return short_hash("batch", origin, sequence, sha256, length=20)


def event_ids(settlement_no: int, keys: Iterable[str]) -> list[str]:
    """Ids of `sale.changed` or `sale.removed` events, 32 hex digits; the same whenever the settlement is published."""
    prefix = f"event\x1f{settlement_no}\x1f".encode()
    return [hashlib.sha256(prefix + key.encode()).hexdigest()[:32] for key in keys]


def index_hash(kind: str, value: str) -> int:
    """The hash of something other than a sale in the sale index: 63 bits.

    kind: batch (value is its ID), bytes (their SHA-256) or statements (their type).
    """
    return int(short_hash("index", kind, value, length=16), 16) >> 1
