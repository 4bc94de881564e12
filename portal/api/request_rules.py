"""What every API request meets: rate limits and CORS; and the liveness call, which has no limit."""

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from portal import access
from portal.access import Open, allow
from portal.context import me, ports, shown_token, signed_in, tillstream
from portal.rate_counts import SharedCounts, limit_calls, remote_address
from tillstream import __version__
from tillstream.people.store_credentials import STORE_TOKEN_PATTERN
from tillstream.settings import Settings

UNLIMITED = frozenset({"api.sales", "api.sending", "api.send_piece", "api.sync", "api.healthz"})

EXPOSED_HEADERS = ", ".join(
    (
        *("ETag", "Link", "X-Total-Count", "Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "Location"),
        *("Upload-Offset", "Upload-Session", "Tillstream-As-Of", "Tillstream-Currency"),
        "Tillstream-Unconverted-Lines",
    )
)
ALLOWED_HEADERS = ", ".join(
    (
        *("Authorization", "Content-Type", "If-None-Match", "Tus-Resumable", "Upload-Length", "Upload-Offset"),
        "Upload-Metadata",
    )
)
CORS_METHODS = "GET, HEAD, POST, PATCH, DELETE"


def caller() -> str:
    """Rate-limit key of the request."""
    till = STORE_TOKEN_PATTERN.fullmatch(access.request_token())
    if till:
        return f"token {till[1]}"
    if not signed_in():
        return f"address {remote_address()}"
    token = shown_token()
    return f"token {token.id}" if token else f"person {me().login}"


def caller_rate() -> str:
    return tillstream().settings.api_rate


def is_limited() -> bool:
    """Whether calls of the endpoint count: tills, homes, health checks and resumable uploads send many requests."""
    return request.endpoint not in UNLIMITED


def limit_api_calls(app: Flask, blueprint: Blueprint, counts: SharedCounts) -> None:
    limit_calls(app, blueprint, counts, caller_rate, caller=caller, applies=is_limited)


def register_cors(app: Flask, settings: Settings) -> None:
    """Register before every other hook: preflight requests carry no credentials."""
    origins = frozenset(site.strip().rstrip("/") for site in settings.api_origins.split(",") if site.strip())
    if not origins:
        return

    def allowed_origin() -> str | None:
        origin = request.headers.get("Origin", "")
        return origin if origin in origins and request.path.startswith("/api/") else None

    @app.before_request
    def answer_preflight() -> Response | None:
        preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        return Response(status=204) if preflight and allowed_origin() else None

    @app.after_request
    def allow(response: Response) -> Response:
        origin = allowed_origin()
        if request.path.startswith("/api/"):
            response.vary.add("Origin")
        if origin:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = CORS_METHODS
                response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
                response.headers["Access-Control-Max-Age"] = "600"
        return response


@allow(Open.EVERYBODY)
def healthz() -> ResponseReturnValue:
    """200 if the document store can be read, otherwise 503."""
    ports().documents.get("portal", "session")
    return jsonify({"status": "ok", "version": __version__})
