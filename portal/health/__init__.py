"""Readiness, status page and Prometheus metrics."""

from flask import Blueprint, Flask

from portal.health import prometheus, ready, status

blueprint = Blueprint("health", __name__, template_folder="templates")

blueprint.add_url_rule("/healthz/ready", "ready", ready.ready)
blueprint.add_url_rule("/status", "status", status.show)
blueprint.add_url_rule("/status/losses/<loss>", "decide", status.decide, methods=["POST"])


def register(app: Flask, *, measured: bool) -> None:
    """`measured`: serve `/metrics` and measure each request."""
    app.register_blueprint(blueprint)
    if measured:
        app.add_url_rule("/metrics", "metrics", prometheus.show)
        prometheus.measure(app)
