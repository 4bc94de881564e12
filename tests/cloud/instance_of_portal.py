"""What a gunicorn of the tests serves: one portal of several over the same documents, each with a warehouse of its own.

As in the cloud it looks at the documents for what is newest, and not at the warehouse.
"""

import os

from flask import Flask

from portal.wsgi import create_worker_portal
from tillstream import logs
from tillstream.app import local
from tillstream.settings import Settings


def application() -> Flask:
    settings = Settings()
    logs.configure(settings)
    logs.redirect_stdlib_logging()
    return create_worker_portal(local.build(settings, warehouse_file=f"warehouse-{os.getpid()}.duckdb"))
