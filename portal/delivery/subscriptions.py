"""Subscriptions to tables, and the destinations to which files are delivered."""

from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.dashboard.request_filters import PERIOD_CHOICES, PERIODS, PRESETS
from portal.delivery.reports import monthday_choices, weekday_choices
from portal.explore.selection import exploration_title
from portal.managed import Change, ManagedPages
from portal.translation import N_, _
from portal.urls import go_to
from portal.value_names import FILTER_LABELS, value_name
from tillstream.analytics import explorations
from tillstream.analytics.filters import (
    ALL_TIME,
    COMPARE,
    COMPARED_DATES,
    CURRENCY,
    DATE_FILTERS,
    OWN_DATES,
    PERIOD_PRESETS,
    is_filter,
)
from tillstream.app import mail_job, outgoing_deliveries
from tillstream.delivery import (
    file_deliveries,
    file_destinations,
    schedule,
    subscribed_tables,
    subscription_files,
    subscriptions,
)
from tillstream.delivery.file_destinations import FileDestinationDraft
from tillstream.delivery.schedule import MONTH
from tillstream.delivery.subscribed_tables import LINES, LINES_FILE, OF_PAGES, PRESET, query_parameters
from tillstream.delivery.subscriptions import EXPLORE, TABLES, SubscriptionDraft, TableSubscription, address_arguments
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.model.permissions import Action
from tillstream.people import accounts
from tillstream.ports import Ports
from tillstream.records import saved_views
from tillstream.records.mail import is_address
from tillstream.records.outbox import FAILED, SENDING, SENT, SUPERSEDED, UNCLEAR, WAITING

EVERY = N_({schedule.DAY: "Every day", schedule.WEEK: "Every week", schedule.MONTH: "Every month"})
STATES = N_(
    {
        WAITING: "waiting to be sent",
        SENDING: "being sent",
        SENT: "sent",
        FAILED: "could not be delivered",
        UNCLEAR: "may have been sent",
        SUPERSEDED: "not sent, replaced by a newer file",
    }
)
REQUESTED = N_("The file is sent within a few minutes, or after a load of sales that is under way.")
AGAIN = N_("The file is delivered again within a few minutes, or after a load of sales that is under way.")

FORMAT = "format"
FROM_FILES = {f"{EXPLORE}/file": EXPLORE, LINES_FILE: TABLES + LINES}
"""Path of a file → path of its table."""

LONGEST = 60
"""Maximum characters of a name."""
SHOWN_DELIVERIES = 20
"""Deliveries on the page."""
blueprint = Blueprint("subscriptions", __name__, template_folder="templates")
DESTINATIONS = "/subscriptions/destinations"


def address_of(link: str) -> str:
    """The address of a table from the link to its file. Raises `Rejected`."""
    path, arguments = address_arguments(link)
    path = FROM_FILES.get(path, path)
    if path != EXPLORE and not path.startswith(TABLES):
        raise Rejected(_("This page has no table to subscribe to."))
    return _joined(path, {name: values for name, values in arguments.items() if name != FORMAT})


def own_days(address: str) -> list[str]:
    """The days that an address contains; none if it has a preset."""
    arguments = address_arguments(address)[1]
    if any(arguments.get(PRESET, [])):
        return []
    return [arguments[name][0] for name in DATE_FILTERS if any(arguments.get(name, []))]


def period_of(address: str) -> str:
    """The preset of an address, `OWN_DATES` for days of its own, or empty."""
    chosen = next(iter(address_arguments(address)[1].get(PRESET, [])), "")
    return chosen if chosen in {ALL_TIME, *PERIOD_PRESETS} else OWN_DATES if own_days(address) else ""


def address_of_form() -> SubscriptionDraft:
    """What the form of this request contains. Raises `Rejected`."""
    form = request.form
    return SubscriptionDraft(
        name=form.get("name", ""),
        address=_with_period(address_of(form.get("address", "")), form.get(PRESET, "")),
        format=form.get(FORMAT, ""),
        to=form.get("to", ""),
        every=form.get("every", ""),
        day=form.get("monthday" if form.get("every") == MONTH else "weekday", 0, type=int),
        hour=form.get("hour", 7, type=int),
        view=form.get("view", ""),
        skip_empty=form.get("skip_empty") == "yes",
        destination=form.get("destination", ""),
        file_name=form.get("file_name", ""),
        keeps=form.get("keeps") == "yes",
    )


def _with_period(address: str, preset: str) -> str:
    if preset == OWN_DATES:
        return address
    path, arguments = address_arguments(address)
    kept = {name: values for name, values in arguments.items() if name not in {*DATE_FILTERS, PRESET}}
    return _joined(path, kept | ({PRESET: [preset]} if preset else {}))


def _joined(path: str, arguments: dict[str, list[str]]) -> str:
    query = urlencode(arguments, doseq=True)
    return path + (f"?{query}" if query else "")


def name_for(address: str) -> str:
    """A name for a subscription to a table, such as Revenue by store. Raises as `explorations.parse_exploration`."""
    path, arguments = address_arguments(address)
    if path == EXPLORE:
        one = explorations.parse_exploration(arguments, scope())
        return exploration_title(one)[:LONGEST]
    return path.removeprefix(TABLES).replace("-", " ").capitalize()[:LONGEST]


def describe_table(address: str) -> list[tuple[str, str]]:
    """Labels and values: the table, its parameters and filters, without the period.

    Raises as `subscribed_tables.read_table`.
    """
    path, arguments = address_arguments(address)
    own = query_parameters(path, arguments)
    lines = list(_table(path, arguments))
    days = [arguments[name][0] for name in COMPARED_DATES if any(arguments.get(name, []))]
    if days:
        compared = _("{days}; the period before, if the period moves on", days=" – ".join(days))
        lines.append((_("Compared with"), compared))
    for name in sorted(arguments, key=lambda name: list(FILTER_LABELS).index(name) if name in FILTER_LABELS else -1):
        chosen = [text for text in arguments[name] if text]
        if not chosen or (name in OF_PAGES | {*DATE_FILTERS, *COMPARED_DATES} and name not in own):
            continue
        if name in own:
            lines.append((name.replace("_", " ").capitalize(), ", ".join(PERIODS.get(one, one) for one in chosen)))
        elif name == CURRENCY:
            lines.append((_("Currency"), chosen[-1]))
        elif is_filter(name):
            lines.append(_filter(name, chosen))
    return lines


def _table(path: str, arguments: dict[str, list[str]]) -> list[tuple[str, str]]:
    if path != EXPLORE:
        return [(_("Table"), path.removeprefix(TABLES).replace("-", " ").capitalize())]
    one = explorations.parse_exploration(arguments, scope())
    measures = [(_("Measures"), ", ".join(each.label for each in one.measures))]
    return measures + ([(_("By"), ", ".join(each.label for each in one.dimensions))] if one.dimensions else [])


def _filter(name: str, chosen: list[str]) -> tuple[str, str]:
    column = name.removeprefix(COMPARE)
    label = FILTER_LABELS.get(column, column.capitalize())
    values = ", ".join(value_name(column, one) for one in chosen)
    return (_("{label} to compare with", label=label) if name != column else label), values


@allow(Action.ADMINISTER)
def show_destinations() -> ResponseReturnValue:
    """All destinations, the last deliveries, and the form for another destination."""
    used = [one.destination for one in subscriptions.list_subscriptions(ports())]
    return render_template(
        "subscriptions/destinations.html",
        destinations=file_destinations.find_destinations(ports()),
        kinds=file_destinations.KINDS.values(),
        used={name: used.count(name) for name in used},
        deliveries=file_deliveries.list_file_deliveries(ports(), SHOWN_DELIVERIES),
        states=STATES,
    )


@allow(Action.ADMINISTER)
def add_destination() -> ResponseReturnValue:
    names = [*FileDestinationDraft.__dataclass_fields__]
    draft = FileDestinationDraft(**{name: request.form.get(name, "").strip() for name in names})
    one = outgoing_deliveries.add_file_destination(tillstream(), draft, me().login)
    return go_to(
        "subscriptions.destinations", _("Destination {name} added. Test it before people subscribe.", name=one.name)
    )


blueprint.add_url_rule(DESTINATIONS, "destinations", show_destinations)
blueprint.add_url_rule(DESTINATIONS, "add_destination", add_destination, methods=["POST"])
PLACES = ManagedPages(blueprint, f"{DESTINATIONS}/<destination>", page="", listing="destinations")
PLACES.button(
    "test",
    lambda _, name, by: outgoing_deliveries.test_file_destination(tillstream(), name, by),
    endpoint="test_destination",
    shows=Unavailable,
)
PLACES.button(
    "remove",
    file_destinations.remove_destination,
    lambda one: _("Destination {name} removed. Its subscriptions are paused when they are due.", name=one.name),
    endpoint="remove_destination",
)


@blueprint.get("/subscriptions", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show_subscriptions() -> ResponseReturnValue:
    """Own subscriptions; administrators also see those of others."""
    is_admin = scope().may(Action.ADMINISTER)
    everyone = subscriptions.list_subscriptions(ports(), "" if is_admin else me().login)
    own = [one for one in everyone if _is_own(one)]
    mails = {one.id: subscription_files.last_outbox_entry(ports(), one) for one in everyone if one.last_mail}
    return render_template(
        "subscriptions/show.html",
        own=own,
        others=[one for one in everyone if one not in own] if is_admin else [],
        mails=mails,
        states=STATES,
    )


@blueprint.get("/subscriptions/new", endpoint="new")
@allow(Action.SEE_NUMBERS)
def new_subscription() -> ResponseReturnValue:
    """The form for the table at `address`, or for the saved view `view`."""
    view = request.args.get("view", "")
    if view:
        shown = next(
            (one for one in saved_views.find_views(ports(), me().login, me().created_at) if one.id == view), None
        )
        if shown is None:
            raise NotFound(_("There is no such view."))
        if shown.page != EXPLORE:
            raise Rejected(
                _("This view is not of Explore. Open it, choose a table, and subscribe to that in its menu Export.")
            )
        draft = SubscriptionDraft(shown.name, shown.address, "xlsx", _own_address(), "week", view=view)
    else:
        address = address_of(request.args.get("address", ""))
        name = request.args.get("name", "") or name_for(address)
        draft = SubscriptionDraft(name, address, "xlsx", _own_address(), "week")
    subscribed_tables.request_of(ports(), draft, me())
    return _form(draft)


@blueprint.post("/subscriptions", endpoint="add")
@allow(Action.SEE_NUMBERS)
def add_subscription() -> ResponseReturnValue:
    """Subscribe the signed-in person. Raises `Rejected` for what they may not see."""
    draft = address_of_form()
    _check(draft, me().login)
    one = subscriptions.add_subscription(ports(), me().login, draft, me().login)
    return go_to("subscriptions.show", _added(one))


@blueprint.get("/subscriptions/<subscription_id>", endpoint="edit")
@allow(Action.SEE_NUMBERS)
def edit_subscription(subscription_id: str) -> ResponseReturnValue:
    return _form(_own(subscription_id), subscription_id)


@blueprint.post("/subscriptions/<subscription_id>", endpoint="change")
@allow(Action.SEE_NUMBERS)
def change_subscription(subscription_id: str) -> ResponseReturnValue:
    draft, one = address_of_form(), _own(subscription_id)
    _check(draft, one.login)
    changed = subscriptions.change_subscription(ports(), subscription_id, draft, me().login)
    return go_to("subscriptions.show", _added(changed))


PAGES = ManagedPages(blueprint, "/subscriptions/<subscription_id>", page="", listing="show", access=Action.SEE_NUMBERS)


def of_reader(change: Change) -> Change:
    """A change of a subscription of the signed-in person; administrators change those of everybody."""
    return lambda ports, key, by: change(ports, _own(key).id, by)


def delivering(change: Change, done: str) -> Change:
    """A change after which a file is delivered; its message."""

    def change_and_send(ports: Ports, id: str, by: str) -> str:
        one = change(ports, _own(id).id, by)
        mail_job.request_mail_job(tillstream())
        if one.destination or tillstream().settings.sends_mail:
            return str(done)
        return _("The request is kept. E-mail is not set up, so the file is sent once it is.")

    return change_and_send


PAGES.button("pause", of_reader(subscriptions.pause_subscription), N_("Subscription paused."))
PAGES.button("resume", of_reader(subscriptions.resume_subscription), N_("Subscription resumed."))
PAGES.button("send", delivering(subscriptions.send_subscription_now, REQUESTED))
PAGES.button("again", delivering(subscription_files.retry_last_file, AGAIN))
PAGES.button(
    "remove",
    of_reader(subscriptions.remove_subscription),
    lambda one: _("“{name}” is no longer delivered.", name=one.name),
)


def _own(id: str) -> TableSubscription:
    """A subscription of the signed-in person; for administrators, of anybody. Raises `NotFound`."""
    one = subscriptions.get_subscription(ports(), id)
    if not _is_own(one) and not scope().may(Action.ADMINISTER):
        raise NotFound(_("There is no such subscription."))
    return one


def _is_own(one: TableSubscription) -> bool:
    """Whether it is of the signed-in person, and not of an earlier account with this name."""
    return (one.login, one.account) == (me().login, me().created_at)


def _form(draft: SubscriptionDraft, id: str = "") -> str:
    days, lines = own_days(draft.address), list[tuple[str, str]]()
    with suppress(Rejected, NotFound):  # of a subscription whose table its reader cannot see any longer
        lines = describe_table(draft.address)
    path = draft.address.partition("?")[0]
    return render_template(
        "subscriptions/form.html",
        one=draft,
        id=id,
        period=period_of(draft.address),
        periods=_periods(
            has_latest=subscribed_tables.follows_latest(path),
            has_all=path == EXPLORE or not subscribed_tables.follows_latest(path),
            days=days,
        ),
        lines=lines,
        destinations={"": _("E-mail")} | {one.name: one.name for one in file_destinations.find_destinations(ports())},
        every_choices=EVERY,
        weekdays=[(str(day), text) for day, text in weekday_choices()],
        monthdays=[(str(day), text) for day, text in monthday_choices()],
        hours=[(str(hour), f"{hour}:00") for hour in range(24)],
    )


def _check(draft: SubscriptionDraft, login: str) -> None:
    """Raise `Rejected` or `NotFound` if the person cannot see the table now."""
    app, user = tillstream(), accounts.get_user(ports(), login)
    source = outgoing_deliveries.subscribed_tables_source(app)
    subscribed_tables.check_table(source, draft, user, ports().clock.now().date())


def _own_address() -> str:
    return me().login if is_address(me().login) else ""


def _added(one: TableSubscription) -> str:
    when = one.schedule.words
    if one.destination:
        return _("“{name}” is delivered to {place} {when}.", name=one.name, place=one.destination, when=when)
    if tillstream().settings.sends_mail:
        return _("“{name}” comes by e-mail {when}.", name=one.name, when=when)
    return _("“{name}” is kept. E-mail is not set up, so its files come once it is.", name=one.name)


def _periods(*, has_latest: bool, has_all: bool, days: Iterable[str]) -> dict[str, str]:
    """Periods to choose from. has_latest, has_all: whether the latest period and all time are among them. days: those
    of the address, if it has any."""
    fixed = " – ".join(days)
    return {
        **({"": _("Latest period")} if has_latest else {}),
        **({OWN_DATES: _("The same days each time: {fixed}", fixed=fixed)} if fixed else {}),
        **({ALL_TIME: PERIOD_CHOICES[ALL_TIME]} if has_all else {}),
        **PRESETS,
    }
