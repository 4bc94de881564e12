"""What programs call a view stays, and is the name of one view alone."""

from dataclasses import replace

from flask import Flask

from portal import create_app
from portal.urls import PUBLISHED_NAMES, published_name
from tillstream.app import App


def _workshop(app: App) -> Flask:
    settings = app.settings.model_copy(update={"development": True, "metrics": True})
    return create_app(replace(app, settings=settings))


def test_a_published_name_belongs_to_one_view_that_is_there(app: App) -> None:
    endpoints = set(_workshop(app).view_functions)
    assert sorted(set(PUBLISHED_NAMES) - endpoints) == []
    names = [published_name(endpoint) for endpoint in endpoints]
    assert sorted(name for name in names if names.count(name) > 1) == []


def test_a_monitor_reads_the_published_name(app: App) -> None:
    client = _workshop(app).test_client()
    client.get("/healthz/ready")
    assert 'endpoint="running.ready",method="GET",status="200"' in client.get("/metrics").text
