"""The list of alerts and the page of one, what people do with it, and the alerts for programs."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.alerts.bell import active
from portal.context import ports, scope
from portal.list_view import list_query, page_of
from portal.translation import N_, _, html
from tillstream.alerts import evaluation, published, records
from tillstream.alerts.alert import AlertEventKind, AlertState
from tillstream.alerts.kinds import KINDS, AlertSeverity
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action
from tillstream.ports import Ports

LABELS: dict[str, tuple[str, str]] = N_(
    {
        AlertState.PENDING: ("Ended", ""),
        AlertState.OPEN: ("Open", "bad"),
        AlertState.ACKNOWLEDGED: ("Acknowledged", "busy"),
        AlertState.SNOOZED: ("Snoozed", "ask"),
        AlertState.ENDED: ("Ended", ""),
    }
)
"""State → label and tone. A pending alert is listed if it ended before."""
SEVERITIES: dict[str, str] = N_(
    {AlertSeverity.INFO: "Info", AlertSeverity.WARNING: "Warning", AlertSeverity.URGENT: "Urgent"}
)
EVENTS: dict[str, str] = N_(
    {
        AlertEventKind.OPENED: "Opened",
        AlertEventKind.REMINDED: "Open again after the snooze",
        AlertEventKind.ESCALATED: "Escalated, because nobody acknowledged it",
        AlertEventKind.ENDED: "Ended",
        AlertEventKind.ACKNOWLEDGED: "Acknowledged",
        AlertEventKind.SNOOZED: "Snoozed",
    }
)
FILTERS = N_({"active": "In progress", "ended": "Ended", "": "All"})
HOURS = N_({"1": "1 hour", "4": "4 hours", "24": "1 day", "168": "1 week"})
"""How long an alert can be snoozed in the portal."""
ACTIVE, ALL = "active", "all"
STATES = (ACTIVE, ALL)


@allow(Action.SEE_ALERTS)
def alerts_data() -> ResponseReturnValue:
    """The alerts in progress, or all of the last months. Raises `Rejected`."""
    unknown = sorted(set(request.args) - {"state"})
    state = request.args.get("state") or ACTIVE
    if unknown:
        raise Rejected(_("There is no parameter {unknown}. Parameters: state.", unknown=", ".join(unknown)))
    if state not in STATES:
        raise Rejected(
            _("There is no state “{state}”. Allowed values: {states}.", state=state, states=", ".join(STATES))
        )
    return published.alerts_json(ports(), scope(), ended=state == ALL)


@allow(Action.SEE_ALERTS)
def list_alerts() -> ResponseReturnValue:
    """The alerts that the user may read, the latest first; without a choice, those in progress."""
    query = list_query(filters=("state", "kind"))
    state = request.args.get("state", "active")
    kind = next(iter(query.chosen["kind"]), "")
    words = query.q.casefold().split()
    listed = active() if state == "active" else records.latest_alerts(ports(), scope())
    shown = [
        one
        for one in listed
        if (state != "ended" or not one.is_active)
        and kind in {"", one.kind}
        and all(word in f"{one.title} {one.region}".casefold() for word in words)
    ]
    return render_template(
        "alerts/list.html",
        page=page_of(query, shown),
        state=state,
        kind=kind,
        filters=FILTERS,
        kinds={one.name: _(one.label) for one in KINDS.values() if scope().may(one.needs)},
        states=LABELS,
        last=evaluation.last_evaluation(ports()),
    )


@allow(Action.SEE_ALERTS)
def show_alert(alert_id: str) -> ResponseReturnValue:
    """One alert: its subjects, and what happened to it. Raises `NotFound`."""
    alert = records.get_alert(ports(), alert_id, scope())
    return render_template(
        "alerts/show.html",
        alert=alert,
        changeable=scope().may(Action.DECIDE) and records.is_changeable(ports(), alert_id, scope()),
        states=LABELS,
        severities=SEVERITIES,
        events=EVENTS,
        hours=HOURS,
        advice=alert.alert_kind.advice,
    )


def acknowledge_alert(ports: Ports, alert_id: str, by: str) -> None:
    records.acknowledge_alert(ports, alert_id, scope(), by=by)


def snooze_alert(ports: Ports, alert_id: str, by: str) -> str:
    """Snooze an alert; return a sentence about it. Raises `Rejected` for other times than the page offers."""
    hours = request.form.get("hours", "")
    if hours not in HOURS:
        raise Rejected(_("Choose one of: {values}.", values=", ".join(HOURS.values())))
    alert = records.snooze_alert(ports, alert_id, scope(), int(hours), by=by)
    until = alert.snoozed_until
    return html("The alert is snoozed until {until}.", until=formats.instant(until)) if until else ""
