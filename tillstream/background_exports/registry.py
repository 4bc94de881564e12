"""Exports in the background: people request, cancel and remove them; workers take them and note how far they are."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from tillstream.background_exports.export import (
    CANCELLED,
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    BackgroundExport,
    parse,
)
from tillstream.exports.formats import format_of
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.events import STAGING
from tillstream.people.account_store import User
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records import audit_log
from tillstream.scheduled_exports.subscription import EXPLORE, TABLES, text_of

COLLECTION = "background_exports"
MOST_OPEN = 5
"""Exports of a person that are waiting or running."""
LONGEST_ADDRESS = 4_000
KEPT = timedelta(days=7)
ALIVE = timedelta(minutes=10)
"""A run that notes nothing for so long counts as stopped; longer than a workbook takes to be closed."""
TRIES = 3


def add(ports: Ports, user: User, name: str, address: str, suffix: str, expected: int = 0) -> BackgroundExport:
    """Request the file of a table. Raises `Rejected` for another page or format, and if too many are open."""
    path = address.partition("?")[0]
    if len(address) > LONGEST_ADDRESS or not (path == EXPLORE or path.startswith(TABLES)):
        raise Rejected("This page has no table to export.")
    format_of(suffix)
    if sum(one.is_open for one in listed(ports, user)) >= MOST_OPEN:
        raise Rejected(f"At most {MOST_OPEN} of your exports can wait or run. Cancel one, or wait until one is done.")
    now = text_of(ports.clock.now())
    one = BackgroundExport(
        secrets.token_hex(16), user.login, user.created_at, name, address, suffix, max(expected, 0), now, try_at=now
    )
    _put(ports, one, 0, user.login, AuditAction.EXPORT_STARTED)
    return one


def cancel(ports: Ports, id: str, by: str) -> None:
    """End an export that is waiting or running, whose file does not remain. Raises `NotFound`."""

    def cancelled(one: BackgroundExport) -> BackgroundExport | None:
        return ended(ports, one, CANCELLED) if one.is_open else None

    _change(ports, id, cancelled, by, AuditAction.EXPORT_CANCELLED)


def try_again(ports: Ports, id: str, by: str) -> None:
    """Request the file of an export again that failed or was cancelled. Raises `NotFound`."""
    now = text_of(ports.clock.now())

    def again(one: BackgroundExport) -> BackgroundExport | None:
        fresh = replace(one, state=WAITING, try_at=now, tries=0, rows=0, bytes=0, ended_at="", error="", scope="")
        return fresh if one.state in {FAILED, CANCELLED} else None

    _change(ports, id, again, by, AuditAction.EXPORT_STARTED)


def remove(ports: Ports, id: str, by: str) -> None:
    """Remove an export and its file; one that runs is cancelled by it. Raises `NotFound`."""
    one = parse(_document(ports, id).data)
    audit_log.record(ports, by, AuditAction.EXPORT_REMOVED, _subject(one), audited(one), None)
    delete(ports, one)


def delete(ports: Ports, one: BackgroundExport) -> None:
    """Delete the file, so that a stop leaves none without a record, and then the record. A run can write the file
    between the two, so it is deleted again."""
    ports.objects.delete(STAGING, one.object_name)
    ports.documents.delete(COLLECTION, one.id)
    ports.objects.delete(STAGING, one.object_name)


def get(ports: Ports, id: str) -> BackgroundExport:
    """Raises `NotFound`."""
    return parse(_document(ports, id).data)


def listed(ports: Ports, user: User) -> list[BackgroundExport]:
    """The exports of a person, the newest first."""
    stored = [parse(one.data) for one in ports.documents.find(COLLECTION, {"login": user.login})]
    own = [one for one in stored if one.account == user.created_at]
    return sorted(own, key=lambda one: (one.created_at, one.id), reverse=True)


def has_due(ports: Ports) -> bool:
    """Whether a file has to be written, or removed. Reads one document."""
    first = ports.documents.find(COLLECTION, order_by="try_at", limit=1)
    return any(one.data["try_at"] <= text_of(ports.clock.now()) for one in first)


def due(ports: Ports) -> list[tuple[BackgroundExport, int]]:
    """What a worker has to look at, the oldest first, with the versions of the documents."""
    now = text_of(ports.clock.now())
    stored = [(parse(one.data), one.version) for one in ports.documents.find(COLLECTION)]
    return sorted(((one, version) for one, version in stored if one.try_at <= now), key=lambda each: each[0].try_at)


def claim(ports: Ports, one: BackgroundExport, version: int) -> BackgroundExport | None:
    """Take an export for a run; None if another worker did, or if its person changed it."""
    until, claim = text_of(ports.clock.now() + ALIVE), secrets.token_hex(4)
    claimed = replace(one, state=RUNNING, tries=one.tries + 1, try_at=until, rows=0, error="", claim=claim)
    try:
        ports.documents.put(COLLECTION, one.id, claimed.data, if_version=version)
    except Conflict:
        return None
    return claimed


def note(ports: Ports, claimed: BackgroundExport, rows: int) -> bool:
    """Note the rows that a run has written; return False if the run has to stop, as the export was cancelled, removed
    or taken by another run."""
    document = _claimed(ports, claimed)
    if document is None:
        return False
    until = text_of(ports.clock.now() + ALIVE)
    try:
        ports.documents.put(
            COLLECTION, claimed.id, {**document.data, "rows": rows, "try_at": until}, if_version=document.version
        )
    except Conflict:
        return _claimed(ports, claimed) is not None
    return True


def finish(ports: Ports, claimed: BackgroundExport, result: BackgroundExport) -> bool:
    """Note how a run ended, with an entry in the audit log if it is over; False if it had to stop meanwhile."""
    document = _claimed(ports, claimed)
    if document is None:
        return False
    try:
        if result.is_open:
            ports.documents.put(COLLECTION, result.id, result.data, if_version=document.version)
        else:
            _put(ports, result, document.version, result.login, AuditAction.EXPORT_FINISHED)
    except Conflict:
        return finish(ports, claimed, result)
    return True


def ended(ports: Ports, one: BackgroundExport, state: str, error: str = "") -> BackgroundExport:
    """An export that is over, and kept for some days."""
    now = ports.clock.now()
    rows = one.rows if state == DONE else 0
    return replace(one, state=state, rows=rows, error=error, ended_at=text_of(now), try_at=text_of(now + KEPT))


def audited(one: BackgroundExport) -> dict[str, object]:
    """What the audit log shows of it."""
    shown = {"address": one.address, "format": one.format, "state": one.state, "rows": one.rows, "error": one.error}
    return {name: value for name, value in shown.items() if value}


def _change(
    ports: Ports,
    id: str,
    change: Callable[[BackgroundExport], BackgroundExport | None],
    by: str,
    action: AuditAction,
) -> None:
    """Change an export unless `change` returns None; start again after a conflict with its run."""
    while True:
        document = _document(ports, id)
        changed = change(parse(document.data))
        if changed is None:
            return
        try:
            _put(ports, changed, document.version, by, action)
        except Conflict:
            continue
        return


def _claimed(ports: Ports, claimed: BackgroundExport) -> Document | None:
    """The document of an export, if this run still has it."""
    document = ports.documents.get(COLLECTION, claimed.id)
    mine = (RUNNING, claimed.claim)
    return document if document and (document.data["state"], document.data.get("claim", "")) == mine else None


def _put(ports: Ports, one: BackgroundExport, version: int, by: str, action: AuditAction) -> None:
    entry = audit_log.entry(ports, by, action, _subject(one), None, audited(one))
    ports.documents.put_all([Put(COLLECTION, one.id, one.data, if_version=version), entry])


def _document(ports: Ports, id: str) -> Document:
    document = ports.documents.get(COLLECTION, id)
    if document is None:
        raise NotFound("There is no such export.")
    return document


def _subject(one: BackgroundExport) -> str:
    return f"“{one.name}” of {one.login}"
