"""Ids made from what they name, so that a repeat of the same work has the same id."""

import hashlib


def _digest(*parts: object, length: int) -> str:
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def batch_id(origin: str, sequence: int, sha256: str) -> str:
    """20 hex digits. origin: bucket/object, or the batch replayed or corrected; sequence: generation or number."""
    return _digest("batch", origin, sequence, sha256, length=20)


def event_id(settlement_no: int, key: str) -> str:
    """The id of a `sale.changed` or `sale.removed` event: equal for every repeat of the announcement."""
    return _digest("event", settlement_no, key, length=32)
