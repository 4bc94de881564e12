"""What a browser installs: the manifest, the service worker, and the files of the page that works offline."""

import hashlib
import json
from pathlib import Path
from typing import Any

from flask import Response, current_app, jsonify, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.static_files import asset
from portal.translation import _
from tillstream.model.permissions import Action

STYLES = ("tillstream.css", "dark.css", "components.css", "print.css", "sell.css")
SCRIPTS = (
    "js/texts.js",
    "js/sell/texts.js",
    "js/sell/decimal.js",
    "js/sell/database.js",
    "js/sell/outcomes.js",
    "js/sell/outbox.js",
    "js/sell/products.js",
    "js/sell/basket.js",
    "js/sell/mistakes.js",
    "js/sell/elements.js",
    "js/sell/search.js",
    "js/sell/lines.js",
    "js/sell/receipt.js",
    "js/sell/history.js",
    "js/sell/returns.js",
    "js/sell/form.js",
    "js/sell/page.js",
)
"""In the order in which they load."""
ICONS = {"sell/icon-192.png": "192x192", "sell/icon-512.png": "512x512", "icon.svg": "any"}
WORKER = "js/sell/worker.js"


def shell() -> list[str]:
    """Addresses of all files that the page needs offline, with their versions."""
    return [asset(name) for name in (*STYLES, *SCRIPTS, "icon.svg")]


@allow(Action.ENTER_SALES)
def worker() -> Response:
    """The service worker, which begins with the files to keep; its version changes with any of them."""
    code = (Path(str(current_app.static_folder)) / WORKER).read_text(encoding="utf-8")
    template = (Path(__file__).parent / "templates" / "sell" / "offline.html").read_bytes()
    form = (Path(__file__).parent / "templates" / "sell" / "form.html").read_bytes()
    files = shell()
    version = hashlib.sha256(b"\n".join([code.encode(), template, form, *map(str.encode, files)])).hexdigest()[:16]
    settings: dict[str, Any] = {"version": version, "page": url_for("sell.offline"), "files": files}
    answer = Response(f"self.shell = {json.dumps(settings)};\n{code}", mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@allow(Action.ENTER_SALES)
def manifest() -> ResponseReturnValue:
    """What makes the page an app that can be installed."""
    home = url_for("sell.show")
    answer = jsonify(
        {
            "id": home,
            "name": _("Tillstream: Sell"),
            "short_name": _("Sell"),
            "description": _("Enter sales, also without a connection."),
            "start_url": home,
            "scope": home,
            "display": "standalone",
            "background_color": "#f6f7f9",
            "theme_color": "#1d5bd0",
            "icons": [{"src": asset(name), "sizes": sizes} for name, sizes in ICONS.items()],
        }
    )
    answer.mimetype = "application/manifest+json"
    return answer
