"""WSGI entry point for servers with several processes: `gunicorn -c python:portal.gunicorn_conf`."""

from dataclasses import replace

from flask import Flask

from portal import create_app
from tillstream import logs
from tillstream.absent_pandas import hide_pandas
from tillstream.analytics.query_cache import QueryCache
from tillstream.app import App, build
from tillstream.people import accounts, external_identities
from tillstream.records.data_version import LatestVersion
from tillstream.settings import Settings


def application() -> Flask:
    """Create the portal from the settings in the environment; called once in each worker process."""
    hide_pandas()
    settings = Settings.read()
    logs.configure(settings)
    logs.redirect_stdlib_logging()
    return create_worker_portal(build(settings))


def create_worker_portal(app: App) -> Flask:
    """Portal of several instances: reads the latest data version from the documents, which other instances update."""
    ensure_first_admin(app)
    return create_app(replace(app, queries=QueryCache(newest=LatestVersion(app.ports.documents))))


def ensure_first_admin(app: App, *, generate: bool = False) -> str | None:
    """Create the administrator named in the settings if there is no account. Idempotent; raises `Rejected`.

    generate: whether to generate a password, which is returned, if none is configured and the administrator needs one.
    Several instances generate none, as it would have to be written to the log.
    """
    settings, password = app.settings, app.settings.first_password.get_secret_value()
    if settings.passwords_open and password:
        accounts.create_first_admin(app.ports, settings.first_admin, password)
    elif settings.sign_in == "passwords":
        return accounts.create_first_admin(app.ports, settings.first_admin) if generate else None
    else:
        external_identities.create_first_external_admin(app.ports, settings.first_admin)
    return None
