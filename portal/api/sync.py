"""Calls of homes that sync to this one: what they send is settled here."""

import json

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.api import texts
from portal.api.uploads import BodyTooLarge
from portal.context import tillstream
from tillstream.model.errors import NotFound
from tillstream.model.errors import TooLarge as TooManyBytes
from tillstream.sync.http import authentication, delegation, dispatch, frame
from tillstream.sync.http.calls import SignedCall
from tillstream.sync.http.turns import Turns

TURNS = "sync_turns"


def register_sync(app: Flask) -> None:
    app.extensions[TURNS] = Turns()


@allow(Open.HOME_KEY)
def answer_call(call: str) -> ResponseReturnValue:
    """Perform one call of a home; sending it again changes nothing."""
    if call not in dispatch.CALLS:
        raise NotFound(texts.no_sync_call(call, dispatch.CALLS))
    app, headers = tillstream(), dict(request.headers)
    authentication.claimed(app.ports, headers)  # before the content is read
    request.max_content_length = frame.MAX_SENT
    signed = SignedCall(call, request.method, request.path, headers, request.get_data())
    turns: Turns = current_app.extensions[TURNS]
    try:
        answer = delegation.answer(app.ports, app.contracts, signed, turns.turn)
    except TooManyBytes as error:
        raise BodyTooLarge(str(error)) from error
    if isinstance(answer, bytes):
        return Response(answer, mimetype="application/octet-stream")
    return Response(json.dumps(answer), mimetype="application/json")
