"""`tillstream sync …`: send the sales of this home to a head office, and manage the homes that sync to this one."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from tillstream.commands.declaration import Group, Option, Terminal
from tillstream.commands.printing import echo, show_each
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, HELD, Result
from tillstream.model.errors import Conflict, Rejected, TillstreamError, Unavailable

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.settings import Settings
    from tillstream.sync.homes import Home
    from tillstream.sync.reference_questions import ReferenceQuestion

sync = Group("sync", refuses_options=True)
homes = Group("homes", "Manage the homes that sync to this one.", sync)

EVERY_SECONDS, LONGEST_SECONDS = 60.0, 900.0
"""Pause between two syncs, and the longest one while the head office cannot be reached."""
_DAYS = 5
"""Days that are named."""
_STATUS_COLUMNS = ("number", "sent_at", "agreed_at", "agreed_number", "error", "error_at")


class QuestionSides(TypedDict):
    here: object
    head_office: object


class QuestionRow(TypedDict):
    """An entry that both sides have changed. fields: those that differ. why: what else is to be done first."""

    id: str
    subject: str
    at: str
    why: str
    is_here: bool
    is_at_head_office: bool
    fields: dict[str, QuestionSides]


class HomeRow(TypedDict):
    name: str
    home_id: str
    added_at: str
    removed_at: str
    contact_at: str
    number: int
    missing_settlements: int
    agreed_at: str
    agreed_number: int
    differing: list[str]
    differing_stock: list[str]
    questions: int
    held: str


def show_sync(
    *,
    question: str,
    recovered: int = 0,
    recovered_movements: int = 0,
    entries: int = 0,
    movements: int = 0,
    to: str,
    reference_sent: int = 0,
    reference_taken: int = 0,
    questions: int = 0,
    requests: int = 0,
    differing: Sequence[str] = (),
    number: int = 0,
    differing_stock: Sequence[str] = (),
) -> None:
    if question:
        echo(f"Held: {question}")
        return
    if recovered:
        echo(f"Taken back after a restore: {recovered:,} batches.")
    if recovered_movements:
        echo(f"Taken back after a restore: {_movements(recovered_movements)}.")
    sent = f"{entries:,} {_settlements(entries)}, {_movements(movements)}"
    echo(f"Sent to {to}: {sent}.")
    if to.startswith("http://"):
        echo("Warning: the connection is not encrypted, so others in its network can read what is sent.", err=True)
    exchanged = reference_sent, reference_taken
    if any(exchanged):
        echo(f"Catalogue, goals and rates: {exchanged[0]:,} entries sent, {exchanged[1]:,} taken.")
    _show_open(questions)
    if requests:
        echo(f"Open requests of the head office: {requests:,}. To list them: tillstream sync requests")
    if differing:
        echo(f"The ledgers differ on {_named(differing)}.")
    else:
        echo(f"Both ledgers agree up to settlement {number:,}.")
    _show_differing_stock(differing_stock)


def show_questions(questions: list[QuestionRow]) -> None:
    for question in questions:
        echo(f"{question['id']}  {question['subject']}")
        if question["why"]:
            echo(f"  {question['why']}")
            continue
        for name, sides in question["fields"].items():
            echo(f"  {name}: {_value(sides['here'])} here, {_value(sides['head_office'])} at the head office")
    if not questions:
        echo("There is no open question.")
    elif not all(question["why"] for question in questions):
        echo("To decide: tillstream sync decide QUESTION --keep here|head-office")


def show_request(request: dict[str, str]) -> None:
    to = f"to {request['home']}" if request["home"] else "to this home"
    echo(f"{request['batch_id']}  {request['state']}  undo {request['file']}, {to}: {request['reason']}")
    if request["answer"]:
        echo(f"  {request['answer']}")
    elif not request["home"]:
        batch = request["batch_id"]
        echo(f"  To carry it out: tillstream undo {batch}. Otherwise: tillstream sync decline {batch} --reason …")


show_requests = show_each(show_request, "There is no request.")


def show_decided(*, decided: int) -> None:
    count = decided
    echo(f"Decided: {count:,} {_questions(count)}. What counts is exchanged with the next sync.")


def show_identity(*, home_id: str, public_key: str) -> None:
    echo(f"Home: {home_id}")
    echo(f"Key: {public_key}")
    echo(f"At the head office: tillstream sync homes add NAME {public_key}")


def show_sync_status(
    *,
    to: str,
    is_stopped: bool,
    home_id: str,
    public_key: str,
    unsent_settlements: int,
    unsent_since: str,
    unsent_movements: int,
    questions: int,
    agreed_at: str,
    agreed_number: int,
    differing: list[str],
    differing_stock: list[str],
    error: str,
    error_at: str,
) -> None:
    if not to:
        echo("This home does not sync. To begin: tillstream sync --to https://HEAD-OFFICE")
    else:
        stopped = " The sync is stopped." if is_stopped else ""
        echo(f"This home syncs to {to}.{stopped}")
    if home_id:
        echo(f"Home {home_id}, key {public_key}")
    count = unsent_settlements
    since = f", the first of {unsent_since}" if count else ""
    echo(f"Not yet sent: {count:,} {_settlements(count)}{since}.")
    if unsent_movements:
        echo(f"Not yet sent: {_movements(unsent_movements)}.")
    _show_open(questions)
    if agreed_at:
        echo(f"Last agreement: {agreed_at}, up to settlement {agreed_number:,}.")
    if differing:
        echo(f"The ledgers differ on {_named(differing)}.")
    _show_differing_stock(differing_stock)
    if error:
        echo(f"Last failure, {error_at}: {error}")


def show_home(home: HomeRow) -> None:
    echo(f"{home['name']} · {home['home_id']} · {_state(home)}")
    if home["held"]:
        echo(f"  {home['held']}")


show_homes = show_each(show_home, "No home syncs to this one. To add one: tillstream sync homes add NAME KEY")


def _state(home: HomeRow) -> str:
    if home["removed_at"]:
        return f"removed {home['removed_at']}"
    if not home["contact_at"]:
        return "no contact yet"
    parts = [f"last contact {home['contact_at']}", f"settlement {home['number']:,}"]
    count = home["missing_settlements"]
    parts += [f"{count:,} {_settlements(count)} to come"] if count else []
    parts += ["held"] if home["held"] else []
    if home["differing"]:
        parts.append(f"the ledgers differ on {_named(home['differing'])}")
    elif home["agreed_at"]:
        parts.append(f"agreed {home['agreed_at']}")
    if home["differing_stock"]:
        parts.append(f"the stock movements differ on {_named(home['differing_stock'])}")
    return " · ".join(parts)


def _show_differing_stock(days: Sequence[str]) -> None:
    if days:
        echo(f"The stock movements that were recorded on {_named(days)} differ.")


def _movements(count: int) -> str:
    return "1 stock movement" if count == 1 else f"{count:,} stock movements"


def _settlements(count: int) -> str:
    return "settlement" if count == 1 else "settlements"


def _named(days: Sequence[str]) -> str:
    more = f" and {len(days) - _DAYS} more days" if len(days) > _DAYS else ""
    return ", ".join(days[:_DAYS]) + more


def _show_open(count: int) -> None:
    if count:
        echo(f"{count:,} {_questions(count)} about entries of both sides: tillstream sync questions")


def _questions(count: int) -> str:
    return "question" if count == 1 else "questions"


def _value(value: Any) -> str:
    return "nothing" if value in (None, "") or value == [] else json.dumps(value, ensure_ascii=False)


@sync.local("")
def sync_on_terminal(
    terminal: Terminal,
    *,
    to: Annotated[
        str, Option("The address of the head office's portal; default: the one of the last sync.", metavar="URL")
    ] = "",
    once: Annotated[bool, Option("Sync once, instead of once a minute until Ctrl-C.")] = False,
) -> None:
    """Send the sales of this home to a head office, and compare both ledgers."""
    if once:
        terminal.run("sync", show_sync, to=to)
    _keep_syncing(terminal, to)


def _keep_syncing(terminal: Terminal, to: str) -> None:
    """Sync again and again, and show each new state. What fails is tried again after growing pauses."""
    from tillstream.commands.dispatch import execute
    from tillstream.commands.result import quiet
    from tillstream.model.json_text import to_json

    settings, pause, before = terminal.settings, EVERY_SECONDS, None
    while True:
        try:
            state = to_json(execute(settings, "sync", {"to": to}, quiet).data)
            pause = following = EVERY_SECONDS
            if state != before:
                terminal.print(state, show_sync)
        except TillstreamError as error:
            if before is None and not isinstance(error, Conflict | Unavailable):
                terminal.fail(str(error))  # such as a wrong address
            state, following = f"{error} It is tried again in {pause:.0f} seconds.", min(pause * 2, LONGEST_SECONDS)
            if state != before:
                _show_failure(settings, state)
        time.sleep(pause)
        pause, before = following, state


def _show_failure(settings: "Settings", sentence: str) -> None:
    """Print on a terminal, else log, why a sync that is tried again has failed."""
    if sys.stderr.isatty():
        echo(sentence, err=True)
        return
    from tillstream import logs

    logs.configure(settings)
    logs.warn("sync", [sentence])


@sync.internal("sync")
def sync_home(app: "App", *, to: str = "") -> Result:
    """Send what the head office lacks, and compare. What a person must decide is a result.

    to: the address of the head office; empty: the stored one.
    """
    from tillstream.app import home_sync
    from tillstream.app.source_access import source_access
    from tillstream.sync import home_identity, sync_status
    from tillstream.sync.http import remote_office
    from tillstream.sync.http.remote_office import SETTLING_SECONDS
    from tillstream.sync.refusals import CODES_WITH_QUESTION, Refused

    if app.settings.project:
        raise Rejected(home_sync.ONLY_HEAD_OFFICE)
    home_identity.create_identity(app.ports, COMMAND_LINE)
    office = (
        remote_office.check_allowed_address(to, source_access(app).check_host)
        if to
        else sync_status.get_status(app.ports).to
    )
    if not office:
        raise Rejected(home_sync.NO_OFFICE_ADDRESS)
    sync_status.begin_sync(app.ports, office, COMMAND_LINE)
    try:
        result = home_sync.sync_to_office(app, SETTLING_SECONDS)
    except Refused as refused:
        if refused.code not in CODES_WITH_QUESTION:
            raise
        return Result({"to": office, "question": str(refused)}, HELD)
    code = HELD if result.questions else DONE
    return Result({"to": office, "question": "", **asdict(result)}, code if result.agrees else FAILED)


@sync.command("init", show_identity)
def create_identity(app: "App") -> Result:
    """Create the key of this home, and show it for the head office."""
    from tillstream.sync import home_identity

    own = home_identity.create_identity(app.ports, COMMAND_LINE)
    return Result({"home_id": own.home_id, "public_key": own.public_key})


@sync.command("status", show_sync_status, reads=True)
def sync_state(app: "App") -> Result:
    """Show what is not yet sent, the last agreement, and the last failure."""
    from tillstream.sync import home_identity, reference_questions, sync_status

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


@sync.command("stop", show_sync_status)
def stop_sync(app: "App") -> Result:
    """Stop the sync of this home until the next `sync --to`; what was sent stays at the head office."""
    from tillstream.sync import sync_status

    sync_status.stop_sync(app.ports, COMMAND_LINE)
    return sync_state(app)


@sync.command("questions", show_questions)
def list_questions(app: "App") -> Result:
    """List entries of the catalogue, goals and exchange rates that this home and the head office have both changed."""
    from tillstream.sync import reference_questions

    return Result([_question(one) for one in reference_questions.open_questions(app.ports)])


@sync.local("decide")
def decide_on_terminal(
    terminal: Terminal,
    question: Sequence[str] = (),
    *,
    all_: Annotated[bool, Option("Decide all questions, instead of the named ones.")] = False,
    keep: Annotated[
        str,
        Option(
            "Whose entry counts: the one of this home, or the one of the head office.", choices=["here", "head-office"]
        ),
    ],
) -> None:
    """Decide which entry counts on both sides after the next sync."""
    if all_ == bool(question):
        terminal.misuse("Enter the IDs of questions, or --all.")
    terminal.run("sync-decide", show_decided, questions=question, keep=keep)


@sync.internal("sync-decide")
def decide_questions(app: "App", *, keep: str, questions: Sequence[str] = ()) -> Result:
    """Decide questions. Raises `Rejected`, `NotFound`."""
    from tillstream.sync import reference_questions

    if keep not in reference_questions.SIDES:
        raise Rejected(f"Choose what to keep: {' or '.join(reference_questions.SIDES)}.")
    ids = questions or [one.id for one in reference_questions.open_questions(app.ports)]
    return Result({"decided": reference_questions.decide_questions(app.ports, ids, keep, COMMAND_LINE)})


@sync.command("requests", show_requests)
def list_requests(app: "App") -> Result:
    """List requests to undo batches: of this head office to its homes, and to this home."""
    from tillstream.sync import undo_requests

    return Result([asdict(one) for one in undo_requests.all_undo_requests(app.ports)])


@sync.command("ask-undo", show_request)
def ask_undo(app: "App", batch: str, *, reason: Annotated[str, Option("Why it must be undone.")]) -> Result:
    """Ask the home of a synced batch to undo it."""
    from tillstream.sync import undo_requests

    return Result(asdict(undo_requests.ask_to_undo(app.ports, batch, reason, COMMAND_LINE)))


@sync.command("decline", show_request)
def decline_undo(app: "App", batch: str, *, reason: Annotated[str, Option("Why it stays.")]) -> Result:
    """Decline a request of the head office; to carry it out, undo the batch."""
    from tillstream.sync import undo_requests

    return Result(asdict(undo_requests.decline_to_undo(app.ports, batch, reason, COMMAND_LINE)))


@homes.command("list", show_homes, reads=True)
def list_homes(app: "App") -> Result:
    """List the homes with their last contact, what they still have to send, and whether both sides agree."""
    from tillstream.sync import homes

    return Result([_home_row(home) for home in homes.all_homes(app.ports)])


@homes.command("add", show_home)
def add_home(app: "App", name: str, key: str) -> Result:
    """Accept what the home with this KEY sends. `sync init` shows the key in the home."""
    from tillstream.sync import homes

    return Result(_home_row(homes.add_home(app.ports, name, key, COMMAND_LINE)))


@homes.command("remove", show_home)
def remove_home(app: "App", name: str) -> Result:
    """Accept nothing more from a home; what it sent stays."""
    from tillstream.sync import homes

    return Result(_home_row(homes.remove_home(app.ports, name, COMMAND_LINE)))


@homes.command("release", show_home)
def release_home(app: "App", name: str) -> Result:
    """Settle what is held because it was received at a time in the future, as the clock of the home was wrong."""
    from tillstream.sync import homes

    return Result(_home_row(homes.release_home(app.ports, name, COMMAND_LINE)))


def _question(question: "ReferenceQuestion") -> QuestionRow:
    from tillstream.sync.reference_questions import question_subject

    fields: dict[str, QuestionSides] = {
        name: {"here": (question.here or {}).get(name), "head_office": (question.there or {}).get(name)}
        for name in question.fields
    }
    return {
        "id": question.id,
        "subject": question_subject(question),
        "at": question.at,
        "why": question.why,
        "is_here": question.here is not None,
        "is_at_head_office": question.there is not None,
        "fields": fields,
    }


def _home_row(home: "Home") -> HomeRow:
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
