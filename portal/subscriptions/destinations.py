"""Destinations of files, which administrators add, test and remove."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, tillstream
from portal.subscriptions import texts
from tillstream.app import file_destinations
from tillstream.file_destinations import deliveries, registry
from tillstream.file_destinations.destination import DestinationDraft
from tillstream.model.errors import Unavailable
from tillstream.model.people import Action
from tillstream.scheduled_exports import registry as subscriptions

SHOWN = 20
"""Deliveries on the page."""


@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
    """All destinations, the last deliveries, and the form for another destination."""
    used = [one.destination for one in subscriptions.listed(ports())]
    return render_template(
        "subscriptions/destinations.html",
        destinations=registry.find(ports()),
        used={name: used.count(name) for name in used},
        deliveries=deliveries.listed(ports(), SHOWN),
        texts=texts,
    )


@allow(Action.ADMINISTER)
def add() -> ResponseReturnValue:
    names = [*DestinationDraft.__dataclass_fields__]
    draft = DestinationDraft(**{name: request.form.get(name, "").strip() for name in names})
    one = file_destinations.add(tillstream(), draft, me().login)
    flash(texts.destination_added(one.name), "done")
    return redirect(url_for("subscriptions.destinations"), 303)


@allow(Action.ADMINISTER)
def test(destination: str) -> ResponseReturnValue:
    """Write a small file. Raises `Rejected` with the reason if that fails."""
    try:
        flash(file_destinations.test(tillstream(), destination, me().login), "done")
    except Unavailable as error:
        flash(str(error), "wrong")
    return redirect(url_for("subscriptions.destinations"), 303)


@allow(Action.ADMINISTER)
def remove(destination: str) -> ResponseReturnValue:
    one = registry.remove(ports(), destination, me().login)
    flash(texts.destination_removed(one.name), "done")
    return redirect(url_for("subscriptions.destinations"), 303)
