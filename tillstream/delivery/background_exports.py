"""Exports in the background: people request, cancel and remove them; workers note how far they are."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import timedelta
from typing import Any

from tillstream.delivery.export_formats import export_format
from tillstream.delivery.subscriptions import EXPLORE, TABLES, TableSubscription, instant_text
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.events import STAGING
from tillstream.model.people import Action, Scope
from tillstream.people.account_store import User
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records import audit_log

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
OPEN_STATES = frozenset({WAITING, RUNNING})
EXPORTS_FOLDER = "exports/"
"""Of the files, in the bucket for staging."""


@dataclass(frozen=True)
class BackgroundExport:
    """Instants are ISO 8601 text in UTC; empty: not yet.

    address: as of a subscription, such as /tables/sale-lines?region=IN. account: when the account of `login` was
    created, so that a later account of the same name inherits nothing. expected: rows at the time of the request; 0 if
    unknown. rows: written so far. scope: what the person could see when the file was written, as `scope_text`.
    try_at: when a worker is to look at it next: now, when a run counts as stopped, or when the file is removed.
    """

    id: str
    login: str
    account: str
    name: str
    address: str
    format: str
    expected: int
    created_at: str
    state: str = WAITING
    try_at: str = ""
    tries: int = 0
    rows: int = 0
    bytes: int = 0
    ended_at: str = ""
    error: str = ""
    scope: str = ""
    sha256: str = ""
    """Of the file; empty for one of an earlier version."""
    claim: str = ""
    """Of the last run, in the name of its file, so that two runs never share one; empty: none yet."""

    @property
    def data(self) -> dict[str, Any]:
        """The fields of its document."""
        return asdict(self)

    @property
    def object_name(self) -> str:
        return f"{EXPORTS_FOLDER}{'-'.join(filter(None, (self.id, self.claim)))}.{self.format}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def as_subscription(self) -> TableSubscription:
        """What its table is read with."""
        return TableSubscription(self.name, self.address, self.format, "", "")


def parse_export(data: Mapping[str, Any]) -> BackgroundExport:
    """Read a document."""
    names = {one.name for one in fields(BackgroundExport)}
    return BackgroundExport(**{name: value for name, value in data.items() if name in names})


def scope_text(scope: Scope) -> str:
    """What a person can see of sale lines; the same text means the same rows and columns."""
    bounds = [None if one is None else sorted(one) for one in (scope.regions, scope.stores)]
    seen = [action.name for action in (Action.SEE_NUMBERS, Action.SEE_PERSONAL, Action.SEE_COSTS) if scope.may(action)]
    return json.dumps([*bounds, scope.salesperson, seen])


EXPORTS_COLLECTION = "background_exports"
MAX_OPEN = 5
"""Exports of a person that are waiting or running."""
LONGEST_ADDRESS = 4_000
KEPT_FOR = timedelta(days=7)
ALIVE_FOR = timedelta(minutes=10)
"""A run that notes nothing for so long counts as stopped; longer than a workbook takes to be closed."""
MAX_TRIES = 3


def request_export(
    ports: Ports, user: User, name: str, address: str, suffix: str, expected: int = 0
) -> BackgroundExport:
    """Request the file of a table. Raises `Rejected` for another page or format, and if too many are open."""
    path = address.partition("?")[0]
    if len(address) > LONGEST_ADDRESS or not (path == EXPLORE or path.startswith(TABLES)):
        raise Rejected("This page has no table to export.")
    export_format(suffix)
    if sum(one.is_open for one in list_exports(ports, user)) >= MAX_OPEN:
        raise Rejected(f"At most {MAX_OPEN} of your exports can wait or run. Cancel one, or wait until one is done.")
    now = instant_text(ports.clock.now())
    one = BackgroundExport(
        secrets.token_hex(16), user.login, user.created_at, name, address, suffix, max(expected, 0), now, try_at=now
    )
    _put(ports, one, 0, user.login, AuditAction.EXPORT_STARTED)
    return one


def cancel_export(ports: Ports, id: str, by: str) -> None:
    """End an export that is waiting or running, whose file does not remain. Raises `NotFound`."""

    def cancelled(one: BackgroundExport) -> BackgroundExport | None:
        return ended_export(ports, one, CANCELLED) if one.is_open else None

    _change(ports, id, cancelled, by, AuditAction.EXPORT_CANCELLED)


def retry_export(ports: Ports, id: str, by: str) -> None:
    """Request the file of an export again that failed or was cancelled. Raises `NotFound`."""
    now = instant_text(ports.clock.now())

    def again(one: BackgroundExport) -> BackgroundExport | None:
        fresh = replace(one, state=WAITING, try_at=now, tries=0, rows=0, bytes=0, ended_at="", error="", scope="")
        return fresh if one.state in {FAILED, CANCELLED} else None

    _change(ports, id, again, by, AuditAction.EXPORT_STARTED)


def remove_export(ports: Ports, id: str, by: str) -> None:
    """Remove an export and its file; one that runs is cancelled by it. Raises `NotFound`."""
    one = parse_export(_document(ports, id).data)
    audit_log.record(ports, by, AuditAction.EXPORT_REMOVED, _subject(one), audited_export(one), None)
    delete_export(ports, one)


def delete_export(ports: Ports, one: BackgroundExport) -> None:
    """Delete the file, so that a stop leaves none without a record, and then the record. A run can write the file
    between the two, so it is deleted again."""
    ports.objects.delete(STAGING, one.object_name)
    ports.documents.delete(EXPORTS_COLLECTION, one.id)
    ports.objects.delete(STAGING, one.object_name)


def get_export(ports: Ports, id: str) -> BackgroundExport:
    """Raises `NotFound`."""
    return parse_export(_document(ports, id).data)


def list_exports(ports: Ports, user: User) -> list[BackgroundExport]:
    """The exports of a person, the newest first."""
    stored = [parse_export(one.data) for one in ports.documents.find(EXPORTS_COLLECTION, {"login": user.login})]
    own = [one for one in stored if one.account == user.created_at]
    return sorted(own, key=lambda one: (one.created_at, one.id), reverse=True)


def has_due_exports(ports: Ports) -> bool:
    """Whether a file has to be written, or removed. Reads one document."""
    first = ports.documents.find(EXPORTS_COLLECTION, order_by="try_at", limit=1)
    return any(one.data["try_at"] <= instant_text(ports.clock.now()) for one in first)


def due_exports(ports: Ports) -> list[tuple[BackgroundExport, int]]:
    """What a worker has to look at, the oldest first, with the versions of the documents."""
    now = instant_text(ports.clock.now())
    stored = [(parse_export(one.data), one.version) for one in ports.documents.find(EXPORTS_COLLECTION)]
    return sorted(((one, version) for one, version in stored if one.try_at <= now), key=lambda each: each[0].try_at)


def claim_export(ports: Ports, one: BackgroundExport, version: int) -> BackgroundExport | None:
    """Take an export for a run; None if another worker did, or if its person changed it."""
    until, claim = instant_text(ports.clock.now() + ALIVE_FOR), secrets.token_hex(4)
    claimed = replace(one, state=RUNNING, tries=one.tries + 1, try_at=until, rows=0, error="", claim=claim)
    try:
        ports.documents.put(EXPORTS_COLLECTION, one.id, claimed.data, if_version=version)
    except Conflict:
        return None
    return claimed


def note_rows(ports: Ports, claimed: BackgroundExport, rows: int) -> bool:
    """Note the rows that a run has written; return False if the run has to stop, as the export was cancelled, removed
    or taken by another run."""
    document = _claimed(ports, claimed)
    if document is None:
        return False
    until = instant_text(ports.clock.now() + ALIVE_FOR)
    try:
        ports.documents.put(
            EXPORTS_COLLECTION,
            claimed.id,
            {**document.data, "rows": rows, "try_at": until},
            if_version=document.version,
        )
    except Conflict:
        return _claimed(ports, claimed) is not None
    return True


def finish_export(ports: Ports, claimed: BackgroundExport, result: BackgroundExport) -> bool:
    """Note how a run ended, with an entry in the audit log if it is over; False if it had to stop meanwhile."""
    document = _claimed(ports, claimed)
    if document is None:
        return False
    try:
        if result.is_open:
            ports.documents.put(EXPORTS_COLLECTION, result.id, result.data, if_version=document.version)
        else:
            _put(ports, result, document.version, result.login, AuditAction.EXPORT_FINISHED)
    except Conflict:
        return finish_export(ports, claimed, result)
    return True


def ended_export(ports: Ports, one: BackgroundExport, state: str, error: str = "") -> BackgroundExport:
    """An export that is over, and kept for some days."""
    now = ports.clock.now()
    rows = one.rows if state == DONE else 0
    return replace(
        one, state=state, rows=rows, error=error, ended_at=instant_text(now), try_at=instant_text(now + KEPT_FOR)
    )


def audited_export(one: BackgroundExport) -> dict[str, object]:
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
        changed = change(parse_export(document.data))
        if changed is None:
            return
        try:
            _put(ports, changed, document.version, by, action)
        except Conflict:
            continue
        return


def _claimed(ports: Ports, claimed: BackgroundExport) -> Document | None:
    """The document of an export, if this run still has it."""
    document = ports.documents.get(EXPORTS_COLLECTION, claimed.id)
    mine = (RUNNING, claimed.claim)
    return document if document and (document.data["state"], document.data.get("claim", "")) == mine else None


def _put(ports: Ports, one: BackgroundExport, version: int, by: str, action: AuditAction) -> None:
    entry = audit_log.entry(ports, by, action, _subject(one), None, audited_export(one))
    ports.documents.put_all([Put(EXPORTS_COLLECTION, one.id, one.data, if_version=version), entry])


def _document(ports: Ports, id: str) -> Document:
    document = ports.documents.get(EXPORTS_COLLECTION, id)
    if document is None:
        raise NotFound("There is no such export.")
    return document


def _subject(one: BackgroundExport) -> str:
    return f"“{one.name}” of {one.login}"
