"""Subscriptions to tables: exports that are delivered on a schedule."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from tillstream.app import App, subscribed_tables
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import Progress, Result
from tillstream.dashboards import saved_views
from tillstream.delivery import subscribed_tables as delivery_subscribed_tables
from tillstream.delivery import subscriptions as delivery_subscriptions
from tillstream.delivery.subscriptions import EXPLORE, TABLES, SubscriptionDraft, TableSubscription
from tillstream.model.errors import NotFound, Rejected
from tillstream.people import accounts

COMMAND_LINE = "command line"


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


def subscriptions(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """List all subscriptions."""
    return Result([shown(one) for one in delivery_subscriptions.list_subscriptions(app.ports)])


def add(app: App, progress: Progress, arguments: AddSubscription) -> Result:
    """Add a subscription of a person. Raises `Rejected`, also for what the person may not see, and `NotFound`."""
    user = accounts.get_user(app.ports, arguments.login)
    if bool(arguments.to) == bool(arguments.destination):
        raise Rejected("A subscription is to an e-mail address, or to a destination.")
    if bool(arguments.query) == bool(arguments.view):
        raise Rejected("A subscription is to a query, or to a saved view.")
    if arguments.view:
        views = saved_views.find(app.ports, user.login, user.created_at)
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
    source = subscribed_tables.source_of(app)
    tried = TableSubscription(name=draft.name, address=address, view=view_id, format=draft.format, to="", every="day")
    delivery_subscribed_tables.check_table(source, replace(tried, login=user.login), user, app.ports.clock.now().date())
    return Result(shown(delivery_subscriptions.add_subscription(app.ports, user.login, draft, COMMAND_LINE)))


def remove(app: App, progress: Progress, arguments: OfSubscription) -> Result:
    """End a subscription."""
    return Result(shown(delivery_subscriptions.remove_subscription(app.ports, arguments.subscription, COMMAND_LINE)))


def pause(app: App, progress: Progress, arguments: OfSubscription) -> Result:
    """Deliver nothing until it is resumed."""
    return Result(shown(delivery_subscriptions.pause_subscription(app.ports, arguments.subscription, COMMAND_LINE)))


def resume(app: App, progress: Progress, arguments: OfSubscription) -> Result:
    """Deliver again."""
    return Result(shown(delivery_subscriptions.resume_subscription(app.ports, arguments.subscription, COMMAND_LINE)))


def run(app: App, progress: Progress, arguments: OfSubscription) -> Result:
    """Let the file be made with the next ones that are due, which is within a minute."""
    return Result(shown(delivery_subscriptions.send_subscription_now(app.ports, arguments.subscription, COMMAND_LINE)))


def shown(one: TableSubscription) -> dict[str, Any]:
    """A subscription as the result of a command."""
    names = ("id", "login", "name", "address", "format", "to", "destination", "file_name", "keeps", "next_due")
    others = ("last_at", "last_rows", "paused", "error")
    return {name: getattr(one, name) for name in (*names, *others)} | {"when": f"{one.schedule.words} ({one.zone})"}
