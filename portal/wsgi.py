"""Entry for a server of many processes: `gunicorn -c python:portal.gunicorn_conf`."""

from dataclasses import replace

from flask import Flask

from portal import create_app
from tillstream import logs
from tillstream.analytics.query_cache import QueryCache
from tillstream.app import App, build
from tillstream.batches.freshness import Newest
from tillstream.people import accounts
from tillstream.people.sign_in import external_identities
from tillstream.settings import Settings


def application() -> Flask:
    """The portal over what the environment names; called once in each worker process, which ends with it."""
    settings = Settings()
    logs.configure(settings)
    logs.take_over()
    return one_of_many(build(settings))


def one_of_many(app: App) -> Flask:
    """A portal beside others: it looks at the documents for what is newest, as the others may have made it so."""
    let_somebody_in(app)
    return create_app(replace(app, queries=QueryCache(newest=Newest(app.ports.documents))))


def let_somebody_in(app: App) -> None:
    """Where nobody has an account: the administrator whom the settings name. Repeatable; raises `Rejected`.

    Without a password for them none is made up: it would have to be told in the log.
    """
    settings, password = app.settings, app.settings.first_password.get_secret_value()
    if settings.passwords_open and password:
        accounts.first_admin(app.ports, settings.first_admin, password)
    elif settings.sign_in != "passwords":
        external_identities.first_admin(app.ports, settings.first_admin)
