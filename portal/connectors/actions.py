"""Actions of the page of a connector."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.connectors import texts
from portal.connectors.testing import tested
from portal.context import me, ports
from tillstream.connectors import records
from tillstream.connectors import run as connectors_run
from tillstream.model.people import Action


def _back(connector: str, message: str, kind: str = "done") -> ResponseReturnValue:
    flash(message, kind)
    return redirect(url_for("connectors.show", connector=connector), 303)


@allow(Action.ADMINISTER)
def test(connector: str) -> ResponseReturnValue:
    result = tested(connector)
    return _back(connector, result.sentence, "done" if result.is_ok else "wrong")


@allow(Action.ADMINISTER)
def run(connector: str) -> ResponseReturnValue:
    """Request a run, which is made in the background."""
    connectors_run.request_run(ports(), connector, me().login)
    return _back(connector, texts.REQUESTED)


@allow(Action.ADMINISTER)
def pause(connector: str) -> ResponseReturnValue:
    records.pause_connector(ports(), connector, me().login, is_paused=True)
    return _back(connector, texts.PAUSED)


@allow(Action.ADMINISTER)
def resume(connector: str) -> ResponseReturnValue:
    records.pause_connector(ports(), connector, me().login, is_paused=False)
    return _back(connector, texts.RESUMED)


@allow(Action.ADMINISTER)
def remove(connector: str) -> ResponseReturnValue:
    records.remove_connector(ports(), connector, me().login)
    flash(texts.REMOVED, "done")
    return redirect(url_for("connectors.listing"), 303)
