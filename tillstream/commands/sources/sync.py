"""Sync this home to a head office, and manage the homes that sync to this one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tillstream.app import App, syncing
from tillstream.app.source_access import source_access
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import DONE, FAILED, HELD, Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE
from tillstream.model.errors import Rejected
from tillstream.sync import homes, identity, requests, status
from tillstream.sync.homes import Home
from tillstream.sync.http import address
from tillstream.sync.http.remote import SETTLING_SECONDS
from tillstream.sync.reference import questions
from tillstream.sync.reference.questions import Question
from tillstream.sync.reference.words import subject
from tillstream.sync.refusals import QUESTIONS, Refused


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
class Decide:
    """questions: their IDs; empty: all. keep: `here` or `head-office`."""

    keep: str
    questions: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class OfBatch:
    """batch: its ID. reason: in words."""

    batch: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class OfHome:
    """name: of a home that syncs to this one."""

    name: str


def init(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """The identity of this home, created at the first call."""
    own = identity.create(app.ports, COMMAND_LINE)
    return Result({"home_id": own.home_id, "public_key": own.public_key})


def sync(app: App, progress: Progress, arguments: SyncTo) -> Result:
    """Send what the head office lacks, and compare. Raises as `exchange.run`; what a person must decide is a result."""
    if app.settings.project:
        raise Rejected(syncing.ONLY_HEAD_OFFICE)
    identity.create(app.ports, COMMAND_LINE)
    to = address.allowed(arguments.to, source_access(app).check_host) if arguments.to else status.get(app.ports).to
    if not to:
        raise Rejected(syncing.NO_ADDRESS)
    status.begin(app.ports, to, COMMAND_LINE)
    try:
        result = syncing.sync(app, SETTLING_SECONDS)
    except Refused as refused:
        if refused.code not in QUESTIONS:
            raise
        return Result({"to": to, "question": str(refused)}, HELD)
    code = HELD if result.questions else DONE
    return Result({"to": to, "question": "", **asdict(result)}, code if result.agrees else FAILED)


def show(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """How far this home has synced. Instants are ISO 8601 UTC text, empty if there is none."""
    own, now, lag = identity.find(app.ports), status.get(app.ports), status.lag(app.ports)
    return Result(
        {
            "home_id": own.home_id if own else "",
            "public_key": own.public_key if own else "",
            "to": now.to,
            "is_stopped": now.is_stopped,
            "unsent_settlements": lag.settlements,
            "unsent_movements": lag.movements,
            "questions": questions.count(app.ports),
            "unsent_since": lag.since.isoformat(timespec="seconds") if lag.since else "",
            **{name: getattr(now, name) for name in _SHOWN},
            "differing": list(now.differing),
            "differing_stock": list(now.differing_stock),
        }
    )


_SHOWN = ("number", "sent_at", "agreed_at", "agreed_number", "error", "error_at")


def stop(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Sync no longer, until the next `sync --to`."""
    status.stop(app.ports, COMMAND_LINE)
    return show(app, progress, arguments)


def list_questions(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """The entries of the catalogue, goals and exchange rates about which a person must decide."""
    return Result([_question(one) for one in questions.every(app.ports)])


def decide(app: App, progress: Progress, arguments: Decide) -> Result:
    """Decide questions. Raises `Rejected`, `NotFound`."""
    if arguments.keep not in questions.BOTH:
        raise Rejected(f"Choose what to keep: {' or '.join(questions.BOTH)}.")
    ids = arguments.questions or [one.id for one in questions.every(app.ports)]
    return Result({"decided": questions.decide(app.ports, ids, arguments.keep, COMMAND_LINE)})


def list_requests(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Requests to undo batches: those of this head office, and those to this home."""
    return Result([asdict(one) for one in requests.every(app.ports)])


def ask_undo(app: App, progress: Progress, arguments: OfBatch) -> Result:
    """Ask the home of a batch to undo it. Raises `NotFound`, `Rejected`."""
    return Result(asdict(requests.ask(app.ports, arguments.batch, arguments.reason, COMMAND_LINE)))


def decline(app: App, progress: Progress, arguments: OfBatch) -> Result:
    """Decline a request to this home. Raises `NotFound`, `Rejected`."""
    return Result(asdict(requests.decline(app.ports, arguments.batch, arguments.reason, COMMAND_LINE)))


def _question(question: Question) -> dict[str, Any]:
    fields = {
        name: {"here": (question.here or {}).get(name), "head_office": (question.there or {}).get(name)}
        for name in question.fields
    }
    words = {"id": question.id, "subject": subject(question), "at": question.at, "why": question.why}
    missing = {"is_here": question.here is not None, "is_at_head_office": question.there is not None}
    return {**words, **missing, "fields": fields}


def listed(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([_shown(home) for home in homes.every(app.ports)])


def add(app: App, progress: Progress, arguments: AddHome) -> Result:
    return Result(_shown(homes.add(app.ports, arguments.name, arguments.key, COMMAND_LINE)))


def remove(app: App, progress: Progress, arguments: OfHome) -> Result:
    return Result(_shown(homes.remove(app.ports, arguments.name, COMMAND_LINE)))


def release(app: App, progress: Progress, arguments: OfHome) -> Result:
    return Result(_shown(homes.release(app.ports, arguments.name, COMMAND_LINE)))


def _shown(home: Home) -> dict[str, Any]:
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
