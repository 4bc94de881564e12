"""Destinations of files, which administrators add, test and remove."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, tillstream
from portal.subscriptions import texts
from tillstream.app import file_destinations
from tillstream.delivery import file_deliveries, subscriptions
from tillstream.delivery import file_destinations as delivery_file_destinations
from tillstream.delivery.file_destinations import FileDestinationDraft
from tillstream.model.errors import Unavailable
from tillstream.model.people import Action

SHOWN = 20
"""Deliveries on the page."""


@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
    """All destinations, the last deliveries, and the form for another destination."""
    used = [one.destination for one in subscriptions.list_subscriptions(ports())]
    return render_template(
        "subscriptions/destinations.html",
        destinations=delivery_file_destinations.find_destinations(ports()),
        used={name: used.count(name) for name in used},
        deliveries=file_deliveries.list_file_deliveries(ports(), SHOWN),
        texts=texts,
    )


@allow(Action.ADMINISTER)
def add() -> ResponseReturnValue:
    names = [*FileDestinationDraft.__dataclass_fields__]
    draft = FileDestinationDraft(**{name: request.form.get(name, "").strip() for name in names})
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
    one = delivery_file_destinations.remove_destination(ports(), destination, me().login)
    flash(texts.destination_removed(one.name), "done")
    return redirect(url_for("subscriptions.destinations"), 303)
