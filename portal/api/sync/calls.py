"""Calls of homes that sync to this one: what they send is settled here."""

import json

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.api import texts
from portal.api.tus import TooLarge
from portal.context import tillstream
from tillstream.domain.errors import NotFound, Rejected
from tillstream.domain.errors import TooLarge as TooManyBytes
from tillstream.sync.http import authentication, dispatch, frame
from tillstream.sync.http.turns import Turns
from tillstream.sync.office import LocalOffice

TURNS = "sync_turns"


def register(app: Flask) -> None:
    app.extensions[TURNS] = Turns()


@allow(Open.HOME_KEY)
def sync(call: str) -> ResponseReturnValue:
    """Perform one call of a home; sending it again changes nothing."""
    if call not in dispatch.CALLS:
        raise NotFound(texts.no_sync_call(call, dispatch.CALLS))
    app = tillstream()
    if app.settings.project:
        raise Rejected(texts.NO_HEAD_OFFICE)
    home, signed = authentication.claimed(app.ports, dict(request.headers))
    request.max_content_length = frame.MAX_SENT
    body = request.get_data()
    authentication.check(app.ports, home, signed, request.method, request.path, body)
    try:
        head, data = frame.unpack(body)
    except TooManyBytes as error:
        raise TooLarge(str(error)) from error
    turns: Turns = current_app.extensions[TURNS]
    with turns.turn(home.name):
        answer = dispatch.CALLS[call](LocalOffice(app.ports, app.contracts, home.name), head, data)
    if isinstance(answer, bytes):
        return Response(answer, mimetype="application/octet-stream")
    return Response(json.dumps(answer), mimetype="application/json")
