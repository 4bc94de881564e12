"""The portal room: the front door for people. Holds no rules of its own; asks the pipeline and the capabilities."""

from typing import Any

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_wtf import CSRFProtect

from portal import (
    access,
    addresses,
    admin,
    api,
    dashboard,
    errors,
    formats,
    guide,
    marked,
    pipeline,
    plotly,
    security,
    sign_in,
    uploads,
)
from portal.context import EXTENSION, load_person, scope, signed_in
from tillstream.app import App
from tillstream.domain.people import Action
from tillstream.domain.problems import CATALOGUE

AREAS = (
    ("dashboard.show", "Sales", Action.SEE_NUMBERS),
    ("uploads.listing", "Uploads", Action.SEE_UPLOADS),
    ("pipeline.show", "Pipeline", Action.SEE_PIPELINE),
    ("admin.people", "People", Action.ADMINISTER),
)
SEVERITIES = {"error": "Refused", "warning": "Check", "hold": "Decide", "rejection": "File refused"}
TRIES = "30 per minute"
"""Sign-ins from one address; tries at one name are braked in the people room."""


def create_app(app: App) -> Flask:
    """The portal over a composed application. The caller serves it and closes the application."""
    flask = Flask(__name__)
    security.configure(flask, app.settings, app.ports)
    flask.extensions[EXTENSION] = app
    login = LoginManager(flask)
    login.user_loader(load_person)
    # First the gate, then CSRF: a stranger is told to sign in, not that a token is missing.
    flask.before_request(access.gate)
    csrf = CSRFProtect(flask)
    Bootstrap5(flask)
    limiter = Limiter(get_remote_address, app=flask, storage_uri="memory://", headers_enabled=True)
    limiter.limit(TRIES, methods=["POST"])(sign_in.blueprint)
    for room in (sign_in, dashboard, uploads, pipeline, admin, guide, api):
        flask.register_blueprint(room.blueprint)
    csrf.exempt(api.store_sales.send)  # a bearer token is no cookie: no other site can send it
    flask.add_url_rule("/assets/plotly.min.js", "plotly", plotly.script)
    errors.register(flask)
    formats.register(flask)
    marked.register(flask)
    addresses.register(flask)
    flask.context_processor(_words)
    access.check_marks(flask)
    return flask


def _words() -> dict[str, Any]:
    """What every template may name."""
    return {
        "Action": Action,
        "CATALOGUE": CATALOGUE,
        "areas": AREAS,
        "severity_words": SEVERITIES,
        "may": (lambda action: scope().may(action)) if signed_in() else (lambda _action: False),
    }
