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
from tillstream.sync.http import call_messages, call_signatures, office_calls, signed_calls
from tillstream.sync.http.signed_calls import CallTurns, SignedCall

TURNS = "sync_turns"


def register_sync(app: Flask) -> None:
    app.extensions[TURNS] = CallTurns()


@allow(Open.HOME_KEY)
def answer_call(call: str) -> ResponseReturnValue:
    """Perform one call of a home; sending it again changes nothing."""
    if call not in office_calls.OFFICE_CALLS:
        raise NotFound(texts.no_sync_call(call, office_calls.OFFICE_CALLS))
    app, headers = tillstream(), dict(request.headers)
    call_signatures.claimed_home(app.ports, headers)  # before the content is read
    request.max_content_length = call_messages.MAX_COMPRESSED
    signed = SignedCall(call, request.method, request.path, headers, request.get_data())
    turns: CallTurns = current_app.extensions[TURNS]
    try:
        answer = signed_calls.answer_call(app.ports, app.contracts, signed, turns.turn)
    except TooManyBytes as error:
        raise BodyTooLarge(str(error)) from error
    if isinstance(answer, bytes):
        return Response(answer, mimetype="application/octet-stream")
    return Response(json.dumps(answer), mimetype="application/json")
