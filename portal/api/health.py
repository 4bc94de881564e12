"""Liveness endpoint."""

from flask import jsonify
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.context import ports
from tillstream import __version__


@allow(Open.EVERYBODY)
def healthz() -> ResponseReturnValue:
    """200 if the document store can be read, otherwise 503."""
    ports().documents.get("portal", "session")
    return jsonify({"status": "ok", "version": __version__})
