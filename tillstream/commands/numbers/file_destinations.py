"""Destinations of files, and what is delivered to them."""

from dataclasses import asdict, dataclass
from typing import Any

from tillstream.app import App, file_destinations
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE
from tillstream.delivery import file_deliveries
from tillstream.delivery import file_destinations as delivery_file_destinations
from tillstream.delivery.file_destinations import FileDestination, FileDestinationDraft


@dataclass(frozen=True, kw_only=True)
class AddFileDestination:
    """As of a `DestinationDraft`."""

    name: str
    to: str
    user: str = ""
    password: str = ""
    key: str = ""
    passphrase: str = ""
    host_key: str = ""
    region: str = ""
    endpoint: str = ""
    access_key: str = ""
    secret_key: str = ""


@dataclass(frozen=True, kw_only=True)
class OfFileDestination:
    """name: of a destination."""

    name: str


@dataclass(frozen=True, kw_only=True)
class OfDelivery:
    """delivery: its ID."""

    delivery: str


def destinations(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """List the destinations; credentials are references."""
    return Result([shown(one) for one in delivery_file_destinations.find_destinations(app.ports)])


def add(app: App, progress: Progress, arguments: AddFileDestination) -> Result:
    """Add a destination. Raises as `file_destinations.add`."""
    return Result(shown(file_destinations.add(app, FileDestinationDraft(**asdict(arguments)), COMMAND_LINE)))


def test(app: App, progress: Progress, arguments: OfFileDestination) -> Result:
    """Write a small file to a destination. Raises as `file_destinations.test`."""
    return Result({"name": arguments.name, "message": file_destinations.test(app, arguments.name, COMMAND_LINE)})


def remove(app: App, progress: Progress, arguments: OfFileDestination) -> Result:
    """Remove a destination. Raises `NotFound`."""
    return Result(shown(delivery_file_destinations.remove_destination(app.ports, arguments.name, COMMAND_LINE)))


def delivered(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """The files that were delivered or wait, the last ones first."""
    return Result([asdict(one) for one in file_deliveries.list_file_deliveries(app.ports)])


def retry(app: App, progress: Progress, arguments: OfDelivery) -> Result:
    """Deliver a file that failed with the next ones. Raises `NotFound`, `Rejected`."""
    file_deliveries.retry_file(app.ports, arguments.delivery, by=COMMAND_LINE)
    one = file_deliveries.get_file_delivery(app.ports, arguments.delivery)
    return Result(asdict(one) if one else {})


def shown(one: FileDestination) -> dict[str, Any]:
    """A destination as the result of a command, without empty fields."""
    return {name: text for name, text in asdict(one).items() if text}
