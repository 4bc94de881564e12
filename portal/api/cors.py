"""CORS of the API: only for the origins in the settings, and never with cookies."""

from flask import Flask, Response, request

from tillstream.settings import Settings

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
METHODS = "GET, HEAD, POST, PATCH, DELETE"


def register(app: Flask, settings: Settings) -> None:
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
                response.headers["Access-Control-Allow-Methods"] = METHODS
                response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
                response.headers["Access-Control-Max-Age"] = "600"
        return response
