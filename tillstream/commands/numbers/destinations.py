"""Destinations of the marts: databases and folders to which they are written again and again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tillstream.app import App, mart_destinations
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import DONE, FAILED, Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE
from tillstream.marts import destinations as marts_destinations
from tillstream.marts import destinations as records
from tillstream.marts.destinations import MartDestination, MartDestinationDraft

_SHOWN = (
    *("name", "to", "schema", "format", "every", "added_at", "ran_at", "done_at", "settlement_no", "as_of"),
    *("next_at", "failures", "error"),
)


@dataclass(frozen=True, kw_only=True)
class AddDestination:
    """to, password, schema, format: as of a copy or an export. every: day, hour or settlement."""

    name: str
    to: str
    password: str = ""
    schema: str = ""
    format: str = ""
    every: str = records.DAY


@dataclass(frozen=True, kw_only=True)
class OfDestination:
    """name: of a destination."""

    name: str


def destinations(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """All destinations with their last runs. Instants are ISO 8601 UTC text, empty if there is none."""
    return Result(_listed(app, records.find_destinations(app.ports)))


def add(app: App, progress: Progress, arguments: AddDestination) -> Result:
    """Raises as `mart_destinations.add`."""
    draft = MartDestinationDraft(**asdict(arguments))
    return Result(_shown(app, mart_destinations.add(app, draft, COMMAND_LINE)))


def remove(app: App, progress: Progress, arguments: OfDestination) -> Result:
    """Raises `NotFound`."""
    return Result(_shown(app, records.remove_destination(app.ports, arguments.name, COMMAND_LINE)))


def run(app: App, progress: Progress, arguments: OfDestination) -> Result:
    """Write a destination now. Raises `NotFound`."""
    return _ended(app, [mart_destinations.run(app, arguments.name, COMMAND_LINE)])


def run_due(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Write the destinations that are due."""
    return _ended(app, mart_destinations.run_due(app))


def _ended(app: App, ended: Sequence[MartDestination]) -> Result:
    return Result(_listed(app, ended), FAILED if any(one.error for one in ended) else DONE)


def _listed(app: App, listed: Sequence[MartDestination]) -> list[dict[str, Any]]:
    return [_shown(app, one) for one in listed]


def _shown(app: App, destination: MartDestination) -> dict[str, Any]:
    data = {name: getattr(destination, name) for name in _SHOWN}
    return data | {"behind_settlements": marts_destinations.settlements_behind(app.ports, destination)}
