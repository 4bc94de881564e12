"""Write audit entries: append-only, without secrets."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from tillstream.domain.audit import AuditAction, Entry
from tillstream.ports import Ports
from tillstream.ports.document_store import Put

COLLECTION = "audit"
MAX_LENGTH = 500
"""Maximum length of a text or list: an entry describes a change, it is not a copy of the data."""
SECRETS = frozenset({"hash", "stamp", "password", "secret", "token", "link", "code", "codes", "totp"})
"""Fields removed from every entry, at any depth."""
_ADDRESS: ContextVar[str] = ContextVar("address", default="")


@contextmanager
def client_address(address: str) -> Iterator[None]:
    """Record this network address, or the origin of a command, with every entry written within the block."""
    token = _ADDRESS.set(address)
    try:
        yield
    finally:
        _ADDRESS.reset(token)


def origin_of_command(door: str, user: str) -> str:
    """The address of entries of a command.

    door: `command API` in a server, `command line` in a process of its own. user: of the operating system; empty if
    unknown.
    """
    return f"{door}, user {user}" if user else door


def current_address() -> str:
    """The address of `client_address`; empty outside of such a block."""
    return _ADDRESS.get()


def record(
    ports: Ports,
    who: str,
    what: AuditAction,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry, durable on return. before, after: the changed fields as small JSON."""
    ports.documents.put_all([entry(ports, who, what, subject, before, after)])


def entry(
    ports: Ports,
    who: str,
    what: AuditAction,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Put:
    """The entry as a `Put`, to be written by `put_all` atomically with the change."""
    now = ports.clock.now()
    created = Entry(
        id=f"{ports.clock.tick():016x}-{secrets.token_hex(4)}",
        at=now.isoformat(timespec="seconds"),
        who=who or "nobody",
        what=what.value,
        kind=what.kind,
        subject=subject,
        before=_sanitized(before or {}),
        after=_sanitized(after or {}),
        address=_ADDRESS.get(),
    )
    # Version 0: insert only, never overwrite.
    return Put(COLLECTION, created.id, created.to_json(), if_version=0)


def _sanitized(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _sanitized(item) for name, item in value.items() if name not in SECRETS}
    if isinstance(value, list | tuple | set | frozenset):
        return [_sanitized(item) for item in list(value)[:MAX_LENGTH]]
    if value is None or isinstance(value, bool | int):
        return value
    text = str(value)
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
