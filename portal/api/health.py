"""Liveness endpoint."""

from flask import jsonify
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.context import ports
from tillstream import __version__


@allow(Open.EVERYBODY)
def healthz() -> ResponseReturnValue:
    """200 while the documents can be read; the error table answers 503 else."""
    ports().documents.get("portal", "session")
    return jsonify({"status": "ok", "version": __version__})
