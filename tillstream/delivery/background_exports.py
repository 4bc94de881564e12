"""Exports in the background: people request, cancel and remove them; workers note how far they are."""

import json
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from tillstream.delivery.export_formats import export_format
from tillstream.delivery.subscriptions import EXPLORE, TABLES
from tillstream.model.audit import AuditAction
from tillstream.model.dates import instant_text
from tillstream.model.errors import Rejected
from tillstream.model.events import STAGING
from tillstream.model.people import Scope
from tillstream.model.permissions import Action
from tillstream.people.account_store import User
from tillstream.ports import Ports
from tillstream.records.collection import Collection, only_after

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
OPEN_STATES = frozenset({WAITING, RUNNING})
EXPORTS_FOLDER = "exports/"
"""Of the files, in the bucket for staging."""

MAX_OPEN = 5
"""Exports of a person that are waiting or running."""
LONGEST_ADDRESS = 4_000
KEPT_FOR = timedelta(days=7)
ALIVE_FOR = timedelta(minutes=10)
"""A run that notes nothing for so long counts as stopped; longer than a workbook takes to be closed."""
MAX_TRIES = 3


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
    def object_name(self) -> str:
        return f"{EXPORTS_FOLDER}{'-'.join(filter(None, (self.id, self.claim)))}.{self.format}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


def scope_text(scope: Scope) -> str:
    """What a person can see of sale lines; the same text means the same rows and columns."""
    bounds = [None if one is None else sorted(one) for one in (scope.regions, scope.stores)]
    seen = [action.name for action in (Action.SEE_NUMBERS, Action.SEE_PERSONAL, Action.SEE_COSTS) if scope.may(action)]
    return json.dumps([*bounds, scope.salesperson, seen])


def audited_export(one: BackgroundExport) -> dict[str, object]:
    """What the audit log shows of it."""
    shown = {"address": one.address, "format": one.format, "state": one.state, "rows": one.rows, "error": one.error}
    return {name: value for name, value in shown.items() if value}


EXPORTS = Collection(
    "background_exports",
    BackgroundExport,
    "export",
    audited_export,
    lambda one: f"“{one.name}” of {one.login}",
    sides=only_after,
    missing="There is no such export.",
    due_by="try_at",
)
get_export, has_due_exports = EXPORTS.get, EXPORTS.has_due


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
    return EXPORTS.add(ports, one, user.login, AuditAction.EXPORT_STARTED)


def cancel_export(ports: Ports, id: str, by: str) -> None:
    """End an export that is waiting or running, whose file does not remain. Raises `NotFound`."""

    def cancelled(one: BackgroundExport) -> BackgroundExport | None:
        return ended_export(ports, one, CANCELLED) if one.is_open else None

    EXPORTS.change(ports, id, by, AuditAction.EXPORT_CANCELLED, cancelled)


def retry_export(ports: Ports, id: str, by: str) -> None:
    """Request the file of an export again that failed or was cancelled. Raises `NotFound`."""
    now = instant_text(ports.clock.now())

    def again(one: BackgroundExport) -> BackgroundExport | None:
        fresh = replace(one, state=WAITING, try_at=now, tries=0, rows=0, bytes=0, ended_at="", error="", scope="")
        return fresh if one.state in {FAILED, CANCELLED} else None

    EXPORTS.change(ports, id, by, AuditAction.EXPORT_STARTED, again)


def remove_export(ports: Ports, id: str, by: str) -> None:
    """Remove an export and its file; one that runs is cancelled by it. Raises `NotFound`."""
    one = get_export(ports, id)
    ports.documents.put_all([EXPORTS.entry(ports, by, AuditAction.EXPORT_REMOVED, one, audited_export(one), None)])
    delete_export(ports, one)


def delete_export(ports: Ports, one: BackgroundExport) -> None:
    """Delete the file, so that a stop leaves none without a record, and then the record. A run can write the file
    between the two, so it is deleted again."""
    ports.objects.delete(STAGING, one.object_name)
    ports.documents.delete(EXPORTS.name, one.id)
    ports.objects.delete(STAGING, one.object_name)


def list_exports(ports: Ports, user: User) -> list[BackgroundExport]:
    """The exports of a person, the newest first."""
    own = [one for one in EXPORTS.find(ports, {"login": user.login}) if one.account == user.created_at]
    return sorted(own, key=lambda one: (one.created_at, one.id), reverse=True)


def due_exports(ports: Ports) -> list[tuple[BackgroundExport, int]]:
    """What a worker has to look at, the oldest first, with the versions of the documents."""
    return sorted(EXPORTS.due(ports), key=lambda due: due[0].try_at)


def claim_export(ports: Ports, one: BackgroundExport, version: int) -> BackgroundExport | None:
    """Take an export for a run; None if another worker did, or if its person changed it."""
    until, claim = instant_text(ports.clock.now() + ALIVE_FOR), secrets.token_hex(4)
    claimed = replace(one, state=RUNNING, tries=one.tries + 1, try_at=until, rows=0, error="", claim=claim)
    return claimed if EXPORTS.save_at(ports, claimed, version) else None


def note_rows(ports: Ports, claimed: BackgroundExport, rows: int) -> bool:
    """Note the rows that a run has written; return False if the run has to stop, as the export was cancelled, removed
    or taken by another run."""
    current = _claimed(ports, claimed)
    if current is None:
        return False
    export, version = current
    until = instant_text(ports.clock.now() + ALIVE_FOR)
    noted = EXPORTS.save_at(ports, replace(export, rows=rows, try_at=until), version)
    return noted or _claimed(ports, claimed) is not None


def finish_export(ports: Ports, claimed: BackgroundExport, result: BackgroundExport) -> bool:
    """Note how a run ended, with an entry in the audit log if it is over; False if it had to stop meanwhile."""
    action, shown = AuditAction.EXPORT_FINISHED, audited_export(result)
    while current := _claimed(ports, claimed):
        entry = None if result.is_open else EXPORTS.entry(ports, result.login, action, result, None, shown)
        if EXPORTS.save_at(ports, result, current[1], entry):
            return True
    return False


def ended_export(ports: Ports, one: BackgroundExport, state: str, error: str = "") -> BackgroundExport:
    """An export that is over, and kept for some days."""
    now = ports.clock.now()
    rows = one.rows if state == DONE else 0
    return replace(
        one, state=state, rows=rows, error=error, ended_at=instant_text(now), try_at=instant_text(now + KEPT_FOR)
    )


def _claimed(ports: Ports, claimed: BackgroundExport) -> tuple[BackgroundExport, int] | None:
    """An export with the version of its document, if this run still has it."""
    document = ports.documents.get(EXPORTS.name, claimed.id)
    export = EXPORTS.record(document) if document else None
    if document is None or export is None or (export.state, export.claim) != (RUNNING, claimed.claim):
        return None
    return export, document.version
