"""Request log: one entry per request, in the `httpRequest` format of Cloud Logging."""

import time
from contextlib import ExitStack

import structlog
from flask import Flask, Response, g, request
from flask_login import current_user

from tillstream.logs import bind_trace
from tillstream.settings import Settings

QUIET = frozenset({"static", "swagger_ui", "api.healthz", "health.ready"})
TRACES = ("traceparent", "X-Cloud-Trace-Context")
STACK, BEGUN = "request_log", "request_begun_at"
log = structlog.get_logger("tillstream.portal")


def register(app: Flask, settings: Settings) -> None:
    """Log requests when running in a Google Cloud project; every log entry of a request has its trace id."""
    if not settings.project:
        return

    @app.before_request
    def begin() -> None:
        stack = ExitStack()
        stack.enter_context(bind_trace(settings, {name: request.headers.get(name, "") for name in TRACES}))
        setattr(g, STACK, stack)
        setattr(g, BEGUN, time.perf_counter())

    @app.after_request
    def end(response: Response) -> Response:
        if request.endpoint not in QUIET:
            _log_request(response)
        return response

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        stack: ExitStack | None = g.pop(STACK, None)
        if stack:
            stack.close()


def _log_request(response: Response) -> None:
    """Log the route, not the address, which may contain an invitation link or a search text."""
    seconds = time.perf_counter() - getattr(g, BEGUN, time.perf_counter())
    route = request.url_rule.rule if request.url_rule else "none"
    http_request = {
        "requestMethod": request.method,
        "requestUrl": route,
        "status": response.status_code,
        "latency": f"{seconds:.3f}s",
        "remoteIp": request.remote_addr or "",
        "userAgent": request.user_agent.string[:200],
        "responseSize": str(response.content_length or 0),
    }
    is_signed_in = current_user.is_authenticated if current_user else False
    level = log.warning if response.status_code >= 500 else log.info
    level("asked", httpRequest=http_request, who=current_user.user.login if is_signed_in else "nobody")
