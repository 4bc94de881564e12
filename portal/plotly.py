"""Charts script: served out of the installed package, kept from writing styles into pages."""

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
    """The ids of styles (for maps, which we do not draw) that the script adds unless something has the id already.

    The content policy forbids such styles; a page that holds the ids keeps the script from trying.
    """
    return tuple(STYLE_ID.findall((_folder() / SCRIPT).read_text(encoding="utf-8")))


def _folder() -> Path:
    """Found without importing the package, which is heavy. Raises `NotFound`."""
    package = find_spec("plotly")
    if package is None or package.origin is None:
        raise NotFound("The package of the charts is not installed.")
    return Path(package.origin).parent / "package_data"
