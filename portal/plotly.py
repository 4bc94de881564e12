"""Serve the plotly script from the installed package and keep it from adding inline styles."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from flask import Response, send_from_directory

from portal.access import Open, allow
from tillstream.domain.errors import NotFound

SCRIPT = "plotly.min.js"
STYLE_ID = re.compile(
    r'if\(!document\.getElementById\("([0-9a-f]{64})"\)\)\{var \w+=document\.createElement\("style"\)'
)


@allow(Open.EVERYBODY)
def script() -> Response:
    return send_from_directory(_folder(), SCRIPT, mimetype="text/javascript")


@cache
def style_ids() -> tuple[str, ...]:
    """Ids of the style elements that the script adds to a page unless it has an element with that id.

    The content security policy forbids inline styles. Elements with these ids keep the script from adding them; they
    are for kinds of maps that the portal does not draw.
    """
    return tuple(STYLE_ID.findall((_folder() / SCRIPT).read_text(encoding="utf-8")))


def _folder() -> Path:
    """Package data folder, located without importing the heavy package. Raises `NotFound`."""
    package = find_spec("plotly")
    if package is None or package.origin is None:
        raise NotFound("The package of the charts is not installed.")
    return Path(package.origin).parent / "package_data"
