"""The API area's answers to pages of other sites: none, unless a setting lists the sites; and never with a cookie."""

from flask import Flask, Response, request

from tillstream.settings import Settings

SHOWN = (
    "ETag, Link, X-Total-Count, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, Location, "
    "Upload-Offset, Upload-Session"
)
ASKED = "Authorization, Content-Type, If-None-Match, Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata"
METHODS = "GET, HEAD, POST, PATCH, DELETE"


def register(app: Flask, settings: Settings) -> None:
    """Before everything else: a browser asks whether it may ask without saying who it is."""
    listed = frozenset(site.strip().rstrip("/") for site in settings.api_origins.split(",") if site.strip())
    if not listed:
        return

    def asked_from() -> str | None:
        origin = request.headers.get("Origin", "")
        return origin if origin in listed and request.path.startswith("/api/") else None

    @app.before_request
    def may_ask() -> Response | None:
        preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        return Response(status=204) if preflight and asked_from() else None

    @app.after_request
    def allow(response: Response) -> Response:
        origin = asked_from()
        if request.path.startswith("/api/"):
            response.vary.add("Origin")
        if origin:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = SHOWN
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = METHODS
                response.headers["Access-Control-Allow-Headers"] = ASKED
                response.headers["Access-Control-Max-Age"] = "600"
        return response
