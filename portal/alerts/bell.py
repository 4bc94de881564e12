"""The bell on every page: the number of alerts that nobody takes care of, and a menu of the newest."""

from flask import g, render_template
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports, scope, signed_in
from tillstream.alerts import records
from tillstream.alerts.alert import Alert
from tillstream.model.permissions import Action

NEWEST = 5
"""Alerts in the menu."""


@allow(Action.SEE_ALERTS)
def show_bell() -> ResponseReturnValue:
    """The bell as it is now, for the script that replaces it."""
    return render_template("alerts/bell.html")


def is_shown() -> bool:
    """Whether the user may read alerts."""
    return signed_in() and scope().may(Action.SEE_ALERTS)


def active() -> list[Alert]:
    """The alerts in progress that the user may read, read once for a page."""
    if "active_alerts" not in g:
        g.active_alerts = records.active_alerts(ports(), scope())
    alerts: list[Alert] = g.active_alerts
    return alerts


def count() -> int:
    """The number of open alerts."""
    return sum(one.is_open for one in active())


def newest() -> list[Alert]:
    """The open alerts in the menu, the latest first."""
    return [one for one in active() if one.is_open][:NEWEST]


def revision() -> int:
    """A number that increases with each change of an alert."""
    return records.alerts_revision(ports())
