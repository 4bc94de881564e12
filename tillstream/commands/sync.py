"""Sync this home to a head office, and manage the homes that sync to this one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tillstream.app import App, home_sync
from tillstream.app.source_access import source_access
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, HELD, Progress, Result
from tillstream.model.errors import Rejected
from tillstream.sync import home_identity, homes, reference_questions, sync_status, undo_requests
from tillstream.sync.homes import Home
from tillstream.sync.http import remote_office
from tillstream.sync.http.remote_office import SETTLING_SECONDS
from tillstream.sync.reference_questions import ReferenceQuestion, question_subject
from tillstream.sync.refusals import CODES_WITH_QUESTION, Refused


@dataclass(frozen=True, kw_only=True)
class SyncTo:
    """to: the address of the head office; empty: the stored one."""

    to: str = ""


@dataclass(frozen=True, kw_only=True)
class AddHome:
    """key: the public key that `sync init` shows in the home."""

    name: str
    key: str


@dataclass(frozen=True, kw_only=True)
class DecideQuestions:
    """questions: their IDs; empty: all. keep: `here` or `head-office`."""

    keep: str
    questions: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class OfSyncedBatch:
    """batch: its ID. reason: in words."""

    batch: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class OfSyncedHome:
    """name: of a home that syncs to this one."""

    name: str


def create_identity(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """The identity of this home, created at the first call."""
    own = home_identity.create_identity(app.ports, COMMAND_LINE)
    return Result({"home_id": own.home_id, "public_key": own.public_key})


def sync_home(app: App, progress: Progress, arguments: SyncTo) -> Result:
    """Send what the head office lacks, and compare. Raises as `sync_home`; what a person must decide is a result."""
    if app.settings.project:
        raise Rejected(home_sync.ONLY_HEAD_OFFICE)
    home_identity.create_identity(app.ports, COMMAND_LINE)
    to = (
        remote_office.check_allowed_address(arguments.to, source_access(app).check_host)
        if arguments.to
        else sync_status.get_status(app.ports).to
    )
    if not to:
        raise Rejected(home_sync.NO_OFFICE_ADDRESS)
    sync_status.begin_sync(app.ports, to, COMMAND_LINE)
    try:
        result = home_sync.sync_to_office(app, SETTLING_SECONDS)
    except Refused as refused:
        if refused.code not in CODES_WITH_QUESTION:
            raise
        return Result({"to": to, "question": str(refused)}, HELD)
    code = HELD if result.questions else DONE
    return Result({"to": to, "question": "", **asdict(result)}, code if result.agrees else FAILED)


def show_sync(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """How far this home has synced. Instants are ISO 8601 UTC text, empty if there is none."""
    own, now, lag = (
        home_identity.find_identity(app.ports),
        sync_status.get_status(app.ports),
        sync_status.sync_lag(app.ports),
    )
    return Result(
        {
            "home_id": own.home_id if own else "",
            "public_key": own.public_key if own else "",
            "to": now.to,
            "is_stopped": now.is_stopped,
            "unsent_settlements": lag.settlements,
            "unsent_movements": lag.movements,
            "questions": reference_questions.count_questions(app.ports),
            "unsent_since": lag.since.isoformat(timespec="seconds") if lag.since else "",
            **{name: getattr(now, name) for name in _STATUS_COLUMNS},
            "differing": list(now.differing),
            "differing_stock": list(now.differing_stock),
        }
    )


_STATUS_COLUMNS = ("number", "sent_at", "agreed_at", "agreed_number", "error", "error_at")


def stop_sync(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Sync no longer, until the next `sync --to`."""
    sync_status.stop_sync(app.ports, COMMAND_LINE)
    return show_sync(app, progress, arguments)


def list_questions(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """The entries of the catalogue, goals and exchange rates about which a person must decide."""
    return Result([_question(one) for one in reference_questions.open_questions(app.ports)])


def decide_questions(app: App, progress: Progress, arguments: DecideQuestions) -> Result:
    """Decide questions. Raises `Rejected`, `NotFound`."""
    if arguments.keep not in reference_questions.SIDES:
        raise Rejected(f"Choose what to keep: {' or '.join(reference_questions.SIDES)}.")
    ids = arguments.questions or [one.id for one in reference_questions.open_questions(app.ports)]
    return Result({"decided": reference_questions.decide_questions(app.ports, ids, arguments.keep, COMMAND_LINE)})


def list_requests(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Requests to undo batches: those of this head office, and those to this home."""
    return Result([asdict(one) for one in undo_requests.all_undo_requests(app.ports)])


def ask_undo(app: App, progress: Progress, arguments: OfSyncedBatch) -> Result:
    """Ask the home of a batch to undo it. Raises `NotFound`, `Rejected`."""
    return Result(asdict(undo_requests.ask_to_undo(app.ports, arguments.batch, arguments.reason, COMMAND_LINE)))


def decline_undo(app: App, progress: Progress, arguments: OfSyncedBatch) -> Result:
    """Decline a request to this home. Raises `NotFound`, `Rejected`."""
    return Result(asdict(undo_requests.decline_to_undo(app.ports, arguments.batch, arguments.reason, COMMAND_LINE)))


def _question(question: ReferenceQuestion) -> dict[str, Any]:
    fields = {
        name: {"here": (question.here or {}).get(name), "head_office": (question.there or {}).get(name)}
        for name in question.fields
    }
    words = {"id": question.id, "subject": question_subject(question), "at": question.at, "why": question.why}
    missing = {"is_here": question.here is not None, "is_at_head_office": question.there is not None}
    return {**words, **missing, "fields": fields}


def list_homes(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([_home_row(home) for home in homes.all_homes(app.ports)])


def add_home(app: App, progress: Progress, arguments: AddHome) -> Result:
    return Result(_home_row(homes.add_home(app.ports, arguments.name, arguments.key, COMMAND_LINE)))


def remove_home(app: App, progress: Progress, arguments: OfSyncedHome) -> Result:
    return Result(_home_row(homes.remove_home(app.ports, arguments.name, COMMAND_LINE)))


def release_home(app: App, progress: Progress, arguments: OfSyncedHome) -> Result:
    return Result(_home_row(homes.release_home(app.ports, arguments.name, COMMAND_LINE)))


def _home_row(home: Home) -> dict[str, Any]:
    return {
        "name": home.name,
        "home_id": home.home_id,
        "added_at": home.added_at,
        "removed_at": home.removed_at,
        "contact_at": home.contact_at,
        "number": home.number,
        "missing_settlements": home.waiting,
        "agreed_at": home.agreed_at,
        "agreed_number": home.agreed_number,
        "differing": list(home.differing),
        "differing_stock": list(home.differing_stock),
        "questions": home.questions,
        "held": home.held,
    }
