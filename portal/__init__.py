"""Flask portal: pages and HTTP API over the pipeline. Contains no business rules."""

from math import inf

from flask import Flask, request
from flask_login import LoginManager
from flask_wtf import CSRFProtect

from portal import (
    access,
    alerts,
    api,
    catalogue,
    completeness,
    connectors,
    context,
    dashboard,
    errors,
    explore,
    forecast,
    formats,
    goals,
    live,
    menu,
    problem_reference,
    quality,
    rate_counts,
    reader_locale,
    request_log,
    review,
    search,
    security,
    sell,
    static_files,
    stock,
    storybook,
    theme,
    translation,
    uploads,
    urls,
    value_names,
)
from portal.alerts import bell
from portal.api import openapi, request_rules, store_sales
from portal.api import sync as sync_calls
from portal.context import EXTENSION, TemplateContext, scope, signed_in
from portal.dashboard import annotations, compare, customers, measures, products, sale_changes
from portal.delivery import (
    alert_channels,
    background_exports,
    live_files,
    reports,
    subscriptions,
    table_files,
    webhooks,
)
from portal.explore import own_dashboards, sale_history, sale_lines, saved_views, sql_page
from portal.operations import audit, health, pipeline
from portal.people import accounts, profile, sign_in, sign_in_methods, tokens
from portal.rate_counts import SharedCounts, limit_calls
from portal.review import corrections
from portal.stock import orders, restock, stock_files
from portal.translation import N_
from portal.uploads import data_sources
from tillstream.app import App
from tillstream.model.permissions import Action
from tillstream.model.problems import CATALOGUE
from tillstream.settings import Settings

SEVERITIES = {
    "error": N_("To fix"),
    "warning": N_("Check"),
    "hold": N_("Needs review"),
    "rejection": N_("File rejected"),
}
TRIES = "30 per minute"
"""Sign-in attempts from one address; attempts at one name are throttled in `tillstream.people.passwords`."""


def create_app(app: App) -> Flask:
    """Create the portal for a composed application. The caller serves it and closes the application."""
    flask = Flask(__name__)
    catalogues = translation.shipped_catalogues()
    flask.jinja_environment = translation.template_environment(catalogues)
    store_sales.register_intake(flask, app)  # within the proxies of the security settings
    security.configure(flask, app.settings, app.ports)
    flask.extensions[EXTENSION] = app
    uploads.decisions.prepare(flask)
    request_log.register(flask, app.settings)
    login = LoginManager(flask)
    login.user_loader(sign_in_methods.load_session_user)
    login.request_loader(access.load_token_user)
    sign_in_methods.register(flask, app.settings)
    request_rules.register_cors(flask, app.settings)
    # Gate before CSRF: an anonymous request gets the sign-in page, not a missing-token error.
    flask.before_request(access.gate)
    translation.register(flask, catalogues, reader_locale.readers_locale)
    context.record_audit_address(flask)
    flask.before_request(_refresh_contracts)
    csrf = CSRFProtect(flask)
    flask.before_request(lambda: access.guard(csrf))
    rate_counts.register_headers(flask)
    tries = SharedCounts(app.ports, every=0)
    limit_calls(flask, sign_in.blueprint, tries, lambda: TRIES, applies=lambda: request.method == "POST")
    calls = SharedCounts(app.ports, every=1)
    request_rules.limit_api_calls(flask, api.blueprint, calls)
    request_rules.limit_api_calls(flask, live_files.blueprint, calls)
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
        sale_changes,
        table_files,
        live_files,
    )
    kept = (saved_views, own_dashboards, background_exports, subscriptions, annotations, alerts, sell, orders)
    files = (uploads, data_sources, review, completeness, corrections, connectors, pipeline, quality)
    people = (accounts, audit, profile, tokens, catalogue, stock, stock_files, restock, webhooks, alert_channels)
    for area in (sign_in, *numbers, *kept, *files, *people, problem_reference, live, api):
        flask.register_blueprint(area.blueprint)
    openapi.register_swagger_ui(flask)
    questions = SharedCounts(app.ports, every=inf)  # in this process only, so that a question writes no document
    health.register(flask, questions, measured=app.settings.metrics)
    live.register(flask)
    sync_calls.register_sync(flask)
    errors.register(flask)
    formats.register(flask)
    value_names.register(flask)
    formats.register_inline_code(flask)
    urls.register(flask)
    static_files.register(flask)
    theme.register(flask)
    storybook.register(flask, development=app.settings.development)
    flask.jinja_env.globals.update(_template_globals(app.settings))
    access.check_marks(flask)
    return flask


def _refresh_contracts() -> None:
    """Load contracts that another instance saved; static files skip this."""
    if request.blueprint:
        context.tillstream().contracts.refresh()


def _template_globals(settings: Settings) -> TemplateContext:
    """Names available in every template, which are the same for all requests."""
    return {
        "Action": Action,
        "CATALOGUE": CATALOGUE,
        "alerts_bell": bell,
        "site_menu": menu,
        "severity_words": SEVERITIES,
        "sends_mail": settings.sends_mail,
        "may": _may,
    }


def _may(action: Action) -> bool:
    """Whether the user of the request may do something; nobody is signed in on the first pages."""
    return signed_in() and scope().may(action)
