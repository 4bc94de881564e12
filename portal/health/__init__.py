"""Readiness, status page and Prometheus metrics."""

from flask import Blueprint, Flask, request
from flask_limiter import Limiter

from portal.api.limits import who
from portal.health import prometheus, ready, status
from portal.health.last_check import LastCheck
from portal.health.prometheus import CONNECTIONS

__all__ = ["CONNECTIONS", "blueprint", "register"]

blueprint = Blueprint("health", __name__, template_folder="templates")

blueprint.add_url_rule("/healthz/ready", "ready", ready.ready)
blueprint.add_url_rule("/status", "status", status.show)
blueprint.add_url_rule("/status/losses/<loss>", "decide", status.decide, methods=["POST"])

RATE = "60 per minute"
"""Questions of one address, or of one token, whether the portal is ready. Monitors ask once or twice a minute."""


def register(app: Flask, *, measured: bool) -> None:
    """`measured`: serve `/metrics` and measure each request."""
    app.extensions[ready.LAST] = LastCheck(ready.check_parts, ready.count_losses)
    # counted in this process only, so that a question writes no document
    limiter = Limiter(who, app=app, storage_uri="memory://", headers_enabled=True)
    limiter.limit(RATE, exempt_when=lambda: request.endpoint != "health.ready")(blueprint)
    app.register_blueprint(blueprint)
    if measured:
        app.add_url_rule("/metrics", "metrics", prometheus.show)
        prometheus.measure(app)
