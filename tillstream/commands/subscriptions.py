"""Subscriptions to tables, and the destinations to which their files are delivered."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode

from tillstream.app import App, outgoing_deliveries
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import COMMAND_LINE, Progress, Result
from tillstream.delivery import file_deliveries, file_destinations, subscribed_tables, subscriptions
from tillstream.delivery.file_destinations import FileDestination, FileDestinationDraft
from tillstream.delivery.subscriptions import EXPLORE, TABLES, SubscriptionDraft, TableSubscription
from tillstream.model.errors import NotFound, Rejected
from tillstream.people import accounts
from tillstream.records import saved_views


@dataclass(frozen=True, kw_only=True)
class AddSubscription:
    """login: of the reader. query: its name; or view: the name of a saved exploration. params: parameters and filters
    of the query, and `preset` for a period that moves on. day: 0 for the default one. to: an e-mail address; or
    destination: the name of a destination of files, with file_name and keeps."""

    login: str
    to: str = ""
    every: str
    format: str
    query: str = ""
    view: str = ""
    params: Mapping[str, str]
    name: str = ""
    day: int = 0
    hour: int = 7
    skip_empty: bool = False
    destination: str = ""
    file_name: str = ""
    keeps: bool = False


@dataclass(frozen=True, kw_only=True)
class OfSubscription:
    """subscription: its ID."""

    subscription: str


def list_subscriptions(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """List all subscriptions."""
    return Result([_subscription_row(one) for one in subscriptions.list_subscriptions(app.ports)])


def add_subscription(app: App, progress: Progress, arguments: AddSubscription) -> Result:
    """Add a subscription of a person. Raises `Rejected`, also for what the person may not see, and `NotFound`."""
    user = accounts.get_user(app.ports, arguments.login)
    if bool(arguments.to) == bool(arguments.destination):
        raise Rejected("A subscription is to an e-mail address, or to a destination.")
    if bool(arguments.query) == bool(arguments.view):
        raise Rejected("A subscription is to a query, or to a saved view.")
    if arguments.view:
        views = saved_views.find_views(app.ports, user.login, user.created_at)
        view = next((one for one in views if one.name == arguments.view and one.page == EXPLORE), None)
        if view is None:
            raise NotFound(f"{user.login} has no saved view “{arguments.view}” of Explore.")
        name, address, view_id = view.name, view.address, view.id
    else:
        query = f"?{urlencode(arguments.params)}" if arguments.params else ""
        name, address, view_id = arguments.query, f"{TABLES}{arguments.query}{query}", ""
    draft = SubscriptionDraft(
        name=arguments.name or name,
        address=address,
        view=view_id,
        format=arguments.format,
        to=arguments.to,
        every=arguments.every,
        day=arguments.day,
        hour=arguments.hour,
        skip_empty=arguments.skip_empty,
        destination=arguments.destination,
        file_name=arguments.file_name,
        keeps=arguments.keeps,
    )
    source = outgoing_deliveries.subscribed_tables_source(app)
    tried = TableSubscription(name=draft.name, address=address, view=view_id, format=draft.format, to="", every="day")
    subscribed_tables.check_table(source, replace(tried, login=user.login), user, app.ports.clock.now().date())
    return Result(_subscription_row(subscriptions.add_subscription(app.ports, user.login, draft, COMMAND_LINE)))


def remove_subscription(app: App, progress: Progress, arguments: OfSubscription) -> Result:
    """End a subscription."""
    return Result(_subscription_row(subscriptions.remove_subscription(app.ports, arguments.subscription, COMMAND_LINE)))


def pause_subscription(app: App, progress: Progress, arguments: OfSubscription) -> Result:
    """Deliver nothing until it is resumed."""
    return Result(_subscription_row(subscriptions.pause_subscription(app.ports, arguments.subscription, COMMAND_LINE)))


def resume_subscription(app: App, progress: Progress, arguments: OfSubscription) -> Result:
    """Deliver again."""
    return Result(_subscription_row(subscriptions.resume_subscription(app.ports, arguments.subscription, COMMAND_LINE)))


def run_subscription(app: App, progress: Progress, arguments: OfSubscription) -> Result:
    """Let the file be made with the next ones that are due, which is within a minute."""
    return Result(
        _subscription_row(subscriptions.send_subscription_now(app.ports, arguments.subscription, COMMAND_LINE))
    )


def _subscription_row(one: TableSubscription) -> dict[str, Any]:
    """A subscription as the result of a command."""
    names = ("id", "login", "name", "address", "format", "to", "destination", "file_name", "keeps", "next_due")
    others = ("last_at", "last_rows", "paused", "error")
    return {name: getattr(one, name) for name in (*names, *others)} | {"when": f"{one.schedule.words} ({one.zone})"}


@dataclass(frozen=True, kw_only=True)
class AddFileDestination:
    """As of a `FileDestinationDraft`."""

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
class OfFileDelivery:
    """delivery: its ID."""

    delivery: str


def list_file_destinations(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """List the destinations; credentials are references."""
    return Result([_file_destination_row(one) for one in file_destinations.find_destinations(app.ports)])


def add_file_destination(app: App, progress: Progress, arguments: AddFileDestination) -> Result:
    """Add a destination. Raises as `outgoing_deliveries.add_file_destination`."""
    return Result(
        _file_destination_row(
            outgoing_deliveries.add_file_destination(app, FileDestinationDraft(**asdict(arguments)), COMMAND_LINE)
        )
    )


def test_file_destination(app: App, progress: Progress, arguments: OfFileDestination) -> Result:
    """Write a small file to a destination. Raises as `file_destinations.test_file_destination`."""
    return Result(
        {
            "name": arguments.name,
            "message": outgoing_deliveries.test_file_destination(app, arguments.name, COMMAND_LINE),
        }
    )


def remove_file_destination(app: App, progress: Progress, arguments: OfFileDestination) -> Result:
    """Remove a destination. Raises `NotFound`."""
    return Result(_file_destination_row(file_destinations.remove_destination(app.ports, arguments.name, COMMAND_LINE)))


def list_file_deliveries(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """The files that were delivered or wait, the last ones first."""
    return Result([asdict(one) for one in file_deliveries.list_file_deliveries(app.ports)])


def retry_file_delivery(app: App, progress: Progress, arguments: OfFileDelivery) -> Result:
    """Deliver a file that failed with the next ones. Raises `NotFound`, `Rejected`."""
    file_deliveries.retry_file(app.ports, arguments.delivery, by=COMMAND_LINE)
    one = file_deliveries.get_file_delivery(app.ports, arguments.delivery)
    return Result(asdict(one) if one else {})


def _file_destination_row(one: FileDestination) -> dict[str, Any]:
    """A destination as the result of a command, without empty fields."""
    return {name: text for name, text in asdict(one).items() if text}
