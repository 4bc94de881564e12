"""Serve Swagger UI from the installed package, compressed once per process."""

import gzip
from functools import cache
from pathlib import Path

import flask_swagger_ui
from flask import Response, request

from portal.access import Open, allow
from portal.security import A_YEAR
from tillstream.domain.errors import NotFound

PACKAGE = "flask-swagger-ui"
FOLDER = Path(flask_swagger_ui.__file__).parent / "dist"
FILES = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}


@allow(Open.EVERYBODY)
def file(filename: str) -> Response:
    """One of `FILES`. Raises `NotFound` for other names."""
    if filename not in FILES:
        raise NotFound(f"There is no file {filename}.")
    packs = request.accept_encodings["gzip"] > 0
    response = Response(_packed(filename) if packs else _content(filename), mimetype=FILES[filename])
    if packs:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response


@cache
def _packed(filename: str) -> bytes:
    return gzip.compress(_content(filename), compresslevel=9, mtime=0)


def _content(filename: str) -> bytes:
    return (FOLDER / filename).read_bytes()
