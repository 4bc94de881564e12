"""Flask portal: pages and HTTP API over the pipeline. Contains no business rules."""

from typing import Any

from flask import Flask, request
from flask_login import LoginManager
from flask_wtf import CSRFProtect

from portal import (
    access,
    admin,
    alert_channels,
    alerts,
    annotations,
    api,
    audit,
    background_exports,
    catalogue,
    changes,
    compare,
    completeness,
    compression,
    connectors,
    context,
    corrections,
    customers,
    dashboard,
    data_sources,
    errors,
    explore,
    exports,
    forecast,
    formats,
    goals,
    health,
    inline_code,
    intake,
    live,
    live_files,
    measures,
    menu,
    navigation,
    orders,
    own_dashboards,
    pipeline,
    products,
    profile,
    quality,
    rate_counts,
    reports,
    request_log,
    restock,
    review,
    sale_history,
    sale_lines,
    search,
    security,
    sell,
    sign_in,
    sql_page,
    static_files,
    stock,
    stock_files,
    storybook,
    subscriptions,
    swagger_ui,
    theme,
    token_auth,
    tokens,
    uploads,
    urls,
    views,
    webhooks,
)
from portal import help as help_area
from portal.alerts import bell
from portal.api import cors, limits
from portal.api.sync import calls as sync_calls
from portal.context import EXTENSION, scope, signed_in
from portal.filters import names
from portal.sign_in import methods, session_auth
from tillstream.app import App
from tillstream.model.people import Action
from tillstream.model.problems import CATALOGUE

SEVERITIES = {"error": "To fix", "warning": "Check", "hold": "Needs review", "rejection": "File rejected"}
TRIES = "30 per minute"
"""Sign-in attempts from one address; attempts at one name are throttled in `tillstream.people.passwords`."""


def create_app(app: App) -> Flask:
    """Create the portal for a composed application. The caller serves it and closes the application."""
    flask = Flask(__name__)
    compression.register(flask)
    intake.register(flask, app)  # within the proxies of the security settings
    security.configure(flask, app.settings, app.ports)
    flask.extensions[EXTENSION] = app
    uploads.decisions.prepare(flask)
    request_log.register(flask, app.settings)
    login = LoginManager(flask)
    login.user_loader(session_auth.load)
    login.request_loader(token_auth.load)
    methods.register(flask, app.settings)
    cors.register(flask, app.settings)
    # Gate before CSRF: an anonymous request gets the sign-in page, not a missing-token error.
    flask.before_request(access.gate)
    context.record_audit_address(flask)
    flask.before_request(_refresh_contracts)
    csrf = CSRFProtect(flask)
    flask.before_request(lambda: access.guard(csrf))
    rate_counts.limiter(flask, app.ports, every=0).limit(TRIES, methods=["POST"])(sign_in.blueprint)
    limiter = rate_counts.limiter(flask, app.ports, every=1)
    limits.limit(limiter, api.blueprint)
    limits.limit(limiter, live_files.blueprint)
    numbers = (
        dashboard,
        forecast,
        goals,
        compare,
        explore,
        sql_page,
        customers,
        products,
        measures,
        reports,
        sale_lines,
        sale_history,
        search,
        changes,
        exports,
        live_files,
    )
    kept = (views, own_dashboards, background_exports, subscriptions, annotations, alerts, sell, orders)
    files = (uploads, data_sources, review, completeness, corrections, connectors, pipeline, quality)
    people = (admin, audit, profile, tokens, catalogue, stock, stock_files, restock, webhooks, alert_channels)
    for area in (sign_in, *numbers, *kept, *files, *people, help_area, live, api):
        flask.register_blueprint(area.blueprint)
    swagger_ui.register(flask)
    health.register(flask, measured=app.settings.metrics)
    live.register(flask)
    sync_calls.register(flask)
    errors.register(flask)
    formats.register(flask)
    names.register(flask)
    inline_code.register(flask)
    urls.register(flask)
    static_files.register(flask)
    theme.register(flask)
    storybook.register(flask, development=app.settings.development)
    flask.context_processor(_template_context)
    access.check_marks(flask)
    return flask


def _refresh_contracts() -> None:
    """Load contracts that another instance saved; static files skip this."""
    if request.blueprint:
        context.tillstream().contracts.refresh()


def _template_context() -> dict[str, Any]:
    """Names available in every template."""
    return {
        "Action": Action,
        "CATALOGUE": CATALOGUE,
        "alerts_bell": bell,
        "navigation": navigation,
        "site_menu": menu,
        "severity_words": SEVERITIES,
        "sends_mail": context.tillstream().settings.sends_mail,
        "may": (lambda action: scope().may(action)) if signed_in() else (lambda _action: False),
    }
