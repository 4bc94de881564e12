"""Sync this home to a head office, and manage the homes that sync to this one."""

from dataclasses import asdict, dataclass
from typing import Any

from tillstream.app import App, syncing
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import DONE, FAILED, HELD, Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE
from tillstream.domain.errors import Rejected
from tillstream.sync import homes, identity, status
from tillstream.sync.homes import Home
from tillstream.sync.http import address
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
class OfHome:
    """name: of a home that syncs to this one."""

    name: str


def init(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """The identity of this home, created at the first call."""
    own = identity.create(app.ports, COMMAND_LINE)
    return Result({"home_id": own.home_id, "public_key": own.public_key})


def sync(app: App, progress: Progress, arguments: SyncTo) -> Result:
    """Send what the head office lacks, and compare. Raises as `exchange.run`; what a person must decide is a result."""
    identity.create(app.ports, COMMAND_LINE)
    to = address.checked(arguments.to) if arguments.to else status.get(app.ports).to
    if not to:
        raise Rejected(syncing.NO_ADDRESS)
    status.begin(app.ports, to, COMMAND_LINE)
    try:
        result = syncing.sync(app)
    except Refused as refused:
        if refused.code not in QUESTIONS:
            raise
        return Result({"to": to, "question": str(refused)}, HELD)
    return Result({"to": to, "question": "", **asdict(result)}, DONE if result.agrees else FAILED)


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
        "held": home.held,
    }
