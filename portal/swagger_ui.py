"""Serve Swagger UI from the installed package."""

from pathlib import Path

import flask_swagger_ui
from flask import Flask, Response, url_for

from portal import static_files
from portal.access import Open, allow
from tillstream.model.errors import NotFound

FOLDER = Path(flask_swagger_ui.__file__).parent / "dist"
FILES = ("swagger-ui.css", "swagger-ui-bundle.js")


@allow(Open.EVERYBODY)
def file(filename: str) -> Response:
    """One of `FILES`. Raises `NotFound` for other names."""
    if filename not in FILES:
        raise NotFound(f"There is no file {filename}.")
    return static_files.respond(FOLDER / filename)


def _address(filename: str) -> str:
    return url_for("swagger_ui", filename=filename, v=static_files.version(FOLDER / filename))


def register(app: Flask) -> None:
    app.add_url_rule("/assets/swagger-ui/<filename>", "swagger_ui", file)
    app.add_template_global(_address, "swagger_ui")
