"""The application of a gunicorn in tests: one of several portals that share documents, each with its own warehouse.

As in the cloud, it reads the newest state from the documents, not from the warehouse.
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
    return create_worker_portal(local.build_local(settings, warehouse_file=f"warehouse-{os.getpid()}.duckdb"))
