"""Pen: entries are only ever added, and no secret gets in."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from tillstream.domain.audit import Entry, What
from tillstream.ports import Ports
from tillstream.ports.document_store import Put

COLLECTION = "audit"
LONGEST = 500
"""Signs of a text, and things in a list: an entry says what changed, it is no copy of it."""
SECRETS = frozenset({"hash", "stamp", "password", "secret", "token", "link", "code", "codes", "totp"})
"""Fields that never stand in an entry, wherever a caller may have left them."""
_ADDRESS: ContextVar[str] = ContextVar("address", default="")


@contextmanager
def coming_from(address: str) -> Iterator[None]:
    """What is recorded inside came from this address of the network."""
    known = _ADDRESS.set(address)
    try:
        yield
    finally:
        _ADDRESS.reset(known)


def record(
    ports: Ports,
    who: str,
    what: What,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """One entry, durable on return. before, after: small JSON of what was changed, and of nothing else."""
    ports.documents.put_all([entry(ports, who, what, subject, before, after)])


def entry(
    ports: Ports,
    who: str,
    what: What,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Put:
    """The entry as a document, to be written by `put_all` in one step with what it tells."""
    now = ports.clock.now()
    made = Entry(
        id=f"{ports.clock.tick():016x}-{secrets.token_hex(4)}",
        at=now.isoformat(timespec="seconds"),
        who=who or "nobody",
        what=what.value,
        kind=what.kind,
        subject=subject,
        before=_small(before or {}),
        after=_small(after or {}),
        address=_ADDRESS.get(),
    )
    # Version 0: an entry is added where there is none, and never written over.
    return Put(COLLECTION, made.id, made.to_json(), if_version=0)


def _small(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _small(each) for name, each in value.items() if name not in SECRETS}
    if isinstance(value, list | tuple | set | frozenset):
        return [_small(each) for each in list(value)[:LONGEST]]
    if value is None or isinstance(value, bool | int):
        return value
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
