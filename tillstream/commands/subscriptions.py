"""`tillstream subscriptions …`: tables that are delivered on a schedule."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from tillstream.commands.declaration import Group, Option
from tillstream.commands.printing import echo, show_each
from tillstream.commands.result import COMMAND_LINE, Result
from tillstream.delivery.export_formats import FORMATS
from tillstream.model.errors import NotFound, Rejected

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.delivery.file_destinations import FileDestination
    from tillstream.delivery.subscriptions import TableSubscription

BY_REFERENCE = "by reference: env:…, file:… or secret:…"
subscriptions = Group("subscriptions", "Manage tables that are delivered on a schedule, by e-mail or to a destination.")
destinations = Group(
    "destinations", "Folders, buckets and SFTP servers to which subscriptions deliver files.", subscriptions
)


def show_destination(*, name: str, to: str) -> None:
    echo(f"{name} · {to}")


show_destinations = show_each(show_destination, "There are no destinations.")


def show_delivery(*, error: str, id: str, destination: str, file: str, state: str, changed_at: str) -> None:
    error = f" · {error}" if error else ""
    echo(f"{id} · {destination} · {file} · {state} · {changed_at}{error}")


show_deliveries = show_each(show_delivery, "Nothing was delivered to a destination.")


def show_subscription(
    *, paused: str, next_due: str, error: str, to: str, destination: str, id: str, login: str, name: str, when: str
) -> None:
    state = f"paused: {paused}" if paused else f"next {next_due}"
    error = f" · {error}" if error else ""
    to = to or destination
    echo(f"{id} · {login} · {name} · {when} · {to} · {state}{error}")


show_subscriptions = show_each(show_subscription, "There are no subscriptions.")


@destinations.command("list", show_destinations)
def list_file_destinations(app: "App") -> Result:
    """List the destinations."""
    from tillstream.delivery import file_destinations

    return Result([_file_destination_row(one) for one in file_destinations.find_destinations(app.ports)])


@destinations.command("add", show_destination)
def add_file_destination(
    app: "App",
    name: str,
    *,
    to: Annotated[str, Option("A folder, gs://BUCKET/PREFIX, s3://BUCKET/PREFIX, or sftp://HOST:PORT/FOLDER.")],
    user: Annotated[str, Option("The user of an SFTP server.")] = "",
    password: Annotated[str, Option(f"Its password {BY_REFERENCE}.", metavar="REFERENCE")] = "",
    key: Annotated[str, Option(f"Its private key {BY_REFERENCE}.", metavar="REFERENCE")] = "",
    passphrase: Annotated[str, Option(f"The passphrase of the key {BY_REFERENCE}.", metavar="REFERENCE")] = "",
    host_key: Annotated[str, Option("The fingerprint SHA256:… of the server. A test without it shows it.")] = "",
    region: Annotated[str, Option("The region of a bucket of S3.")] = "",
    endpoint: Annotated[str, Option("The address of another store than Amazon's, with https://.")] = "",
    access_key: Annotated[str, Option(f"The access key of S3 {BY_REFERENCE}.", metavar="REFERENCE")] = "",
    secret_key: Annotated[str, Option(f"The secret key of S3 {BY_REFERENCE}.", metavar="REFERENCE")] = "",
) -> Result:
    """Add a destination, which people who subscribe can then choose."""
    from tillstream.app import outgoing_deliveries
    from tillstream.delivery.file_destinations import FileDestinationDraft

    server = (user, password, key, passphrase, host_key)
    draft = FileDestinationDraft(name, to, *server, region, endpoint, access_key, secret_key)
    return Result(_file_destination_row(outgoing_deliveries.add_file_destination(app, draft, COMMAND_LINE)))


@destinations.command("test", lambda data: echo(data["message"]))
def test_file_destination(app: "App", name: str) -> Result:
    """Write a small file to a destination."""
    from tillstream.app import outgoing_deliveries

    return Result({"name": name, "message": outgoing_deliveries.test_file_destination(app, name, COMMAND_LINE)})


@destinations.command("remove", show_destination)
def remove_file_destination(app: "App", name: str) -> Result:
    """Remove a destination; what it has stays there, and its subscriptions are paused."""
    from tillstream.delivery import file_destinations

    return Result(_file_destination_row(file_destinations.remove_destination(app.ports, name, COMMAND_LINE)))


@subscriptions.command("deliveries", show_deliveries)
def list_file_deliveries(app: "App") -> Result:
    """List the files that were delivered to destinations or wait, the last ones first."""
    from tillstream.delivery import file_deliveries

    return Result([asdict(one) for one in file_deliveries.list_file_deliveries(app.ports)])


@subscriptions.command("retry", show_delivery)
def retry_file_delivery(app: "App", delivery: str) -> Result:
    """Deliver the file with this ID again, if that failed."""
    from tillstream.delivery import file_deliveries

    file_deliveries.retry_file(app.ports, delivery, by=COMMAND_LINE)
    one = file_deliveries.get_file_delivery(app.ports, delivery)
    return Result(asdict(one) if one else {})


@subscriptions.command("list", show_subscriptions)
def list_subscriptions(app: "App") -> Result:
    """List the subscriptions of all people."""
    from tillstream.delivery import subscriptions

    return Result([_subscription_row(one) for one in subscriptions.list_subscriptions(app.ports)])


@subscriptions.command("add", show_subscription)
def add_subscription(
    app: "App",
    login: str,
    *,
    to: Annotated[str, Option("E-mail address.", metavar="ADDRESS")] = "",
    destination: Annotated[str, Option("Instead of an e-mail address, a destination of files.", metavar="NAME")] = "",
    file_name: Annotated[
        str, Option("Default: {name}-{date}. Also {period}.", names=("--file",), metavar="PATTERN")
    ] = "",
    keeps: Annotated[
        bool, Option("Keep a file of the same name, and add the time to the new one.", names=("--keep",))
    ] = False,
    query: Annotated[str, Option("The query whose rows come, such as sales-by-store.", metavar="NAME")] = "",
    view: Annotated[str, Option("Instead of a query, a saved view of Explore.", metavar="NAME")] = "",
    params: Annotated[
        Mapping[str, str],
        Option(
            "A parameter or filter of the query, or a period such as preset=last-month; repeatable.", names=("--param",)
        ),
    ],
    name: Annotated[str, Option("Subject of the messages; default: the name of the query or view.")] = "",
    format: Annotated[str, Option("Format of the file.", choices=[*FORMATS])] = "xlsx",
    every: Annotated[str, Option("How often it comes.", choices=["day", "week", "month"])],
    day: Annotated[int | None, Option("Day of the week from 1, Monday, or of the month.", least=1, most=28)] = None,
    hour: Annotated[int, Option("In the zone of the person.", least=0, most=23)] = 7,
    skip_empty: Annotated[bool, Option("Deliver nothing if there are no rows.")] = False,
) -> Result:
    """Subscribe the person LOGIN to a table, which contains what that person may see."""
    from tillstream.app import outgoing_deliveries
    from tillstream.delivery import subscribed_tables, subscriptions
    from tillstream.delivery.subscriptions import EXPLORE, TABLES, SubscriptionDraft
    from tillstream.people import accounts
    from tillstream.records import saved_views

    user = accounts.get_user(app.ports, login)
    if bool(to) == bool(destination):
        raise Rejected("A subscription is to an e-mail address, or to a destination.")
    if bool(query) == bool(view):
        raise Rejected("A subscription is to a query, or to a saved view.")
    if view:
        views = saved_views.find_views(app.ports, user.login, user.created_at)
        saved = next((one for one in views if one.name == view and one.page == EXPLORE), None)
        if saved is None:
            raise NotFound(f"{user.login} has no saved view “{view}” of Explore.")
        usual_name, address, view_id = saved.name, saved.address, saved.id
    else:
        filters = f"?{urlencode(params)}" if params else ""
        usual_name, address, view_id = query, f"{TABLES}{query}{filters}", ""
    draft = SubscriptionDraft(
        name=name or usual_name,
        address=address,
        view=view_id,
        format=format,
        to=to,
        every=every,
        day=day or 0,
        hour=hour,
        skip_empty=skip_empty,
        destination=destination,
        file_name=file_name,
        keeps=keeps,
    )
    source = outgoing_deliveries.subscribed_tables_source(app)
    subscribed_tables.check_table(source, draft, user, app.ports.clock.now().date())
    return Result(_subscription_row(subscriptions.add_subscription(app.ports, user.login, draft, COMMAND_LINE)))


@subscriptions.command("remove", show_subscription)
def remove_subscription(app: "App", subscription: str) -> Result:
    """End the subscription with this ID."""
    from tillstream.delivery import subscriptions

    return Result(_subscription_row(subscriptions.remove_subscription(app.ports, subscription, COMMAND_LINE)))


@subscriptions.command("pause", show_subscription)
def pause_subscription(app: "App", subscription: str) -> Result:
    """Deliver nothing until the subscription is resumed."""
    from tillstream.delivery import subscriptions

    return Result(_subscription_row(subscriptions.pause_subscription(app.ports, subscription, COMMAND_LINE)))


@subscriptions.command("resume", show_subscription)
def resume_subscription(app: "App", subscription: str) -> Result:
    """Deliver again, at the next hour of the schedule."""
    from tillstream.delivery import subscriptions

    return Result(_subscription_row(subscriptions.resume_subscription(app.ports, subscription, COMMAND_LINE)))


@subscriptions.command("run", show_subscription)
def run_subscription(app: "App", subscription: str) -> Result:
    """Deliver now, besides the schedule. A server sends the file within a minute; else run `report send`."""
    from tillstream.delivery import subscriptions

    return Result(_subscription_row(subscriptions.send_subscription_now(app.ports, subscription, COMMAND_LINE)))


def _subscription_row(one: "TableSubscription") -> dict[str, object]:
    """A subscription as the result of a command."""
    names = ("id", "login", "name", "address", "format", "to", "destination", "file_name", "keeps", "next_due")
    others = ("last_at", "last_rows", "paused", "error")
    return {name: getattr(one, name) for name in (*names, *others)} | {"when": f"{one.schedule.words} ({one.zone})"}


def _file_destination_row(one: "FileDestination") -> dict[str, object]:
    """A destination as the result of a command, without empty fields."""
    return {name: text for name, text in asdict(one).items() if text}
