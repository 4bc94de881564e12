"""Session secret, cookies, and what every response gets: security headers, visible control characters, compression."""

import gzip
import io
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from werkzeug.middleware.proxy_fix import ProxyFix

from tillstream.model import json_text
from tillstream.model.safe_text import BIDI_PATTERN, BIDI_REPLACEMENT
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.settings import Settings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "manifest-src 'self'; connect-src {reached}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
A_YEAR = 365 * 86_400
TRANSPORT = "Strict-Transport-Security", f"max-age={A_YEAR}"
"""Header of encrypted responses."""
UNSTORED = "Cache-Control", "no-store"
"""Header of all responses but static files."""
WORTH_IT = 2_000
"""Bytes; smaller responses are not compressed."""
PAGE = "text/html"
COMPRESSED_TYPES = {PAGE, "application/json", "text/csv"}
PADDING = 100
"""Maximum random bytes in a compressed page."""
_BIDI_CONTROL_OR_ESCAPE = re.compile(BIDI_PATTERN + r"|\\u(?:061c|200[ef]|202[a-e]|206[6-9])", re.IGNORECASE)


class PageJson(DefaultJSONProvider):
    """Columns keep their order. A body that is nested too deeply is no JSON, instead of an error of the server."""

    sort_keys = False

    def loads(self, s: str | bytes, **_: object) -> Any:
        return json_text.decode_json(s)


class PageSessions(SecureCookieSessionInterface):
    """Sessions of pages only: a static file is cached for everybody, so it has no cookie and does not vary by one."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "static":
            super().save_session(app, session, response)

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Requests that an open page makes by itself start and refresh no session: their late responses would undo a
        sign-in in another tab.
        """
        if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
            return session.modified and "_user_id" in session
        return super().should_set_cookie(app, session)


def configure(app: Flask, settings: Settings, ports: Ports) -> None:
    app.config.update(
        SECRET_KEY=settings.session_secret.get_secret_value() or _secret(ports),
        SESSION_COOKIE_NAME="tillstream",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(days=settings.session_days),
        MAX_CONTENT_LENGTH=settings.upload_limit_mb * 1024 * 1024,
        MAX_FORM_PARTS=2_000,
        # CSRF tokens live as long as the session, so that a page left open keeps working.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=True,
        WTF_CSRF_CHECK_DEFAULT=False,  # checked in `access.guard`, as bearer tokens are exempt
    )
    app.session_interface = PageSessions()
    app.json = PageJson(app)
    app.after_request(_pack)  # registered first: it runs after all others that change responses
    app.after_request(_without_bidi_controls)
    protect(app, ports)
    if settings.proxies:
        # Trust only the last addresses of X-Forwarded-For, which our own proxies added.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=1)  # type: ignore[method-assign]


def protect(app: Flask, ports: Ports) -> None:
    """Add the security headers to every response."""
    app.after_request(partial(_protect, headers(ports)))


def headers(ports: Ports) -> dict[str, str]:
    """The security headers of every response."""
    reached = f"'self' {ports.objects.upload_origin}".strip()  # for direct uploads to the object store
    return HEADERS | {"Content-Security-Policy": POLICY.format(reached=reached)}


def _protect(headers: Mapping[str, str], response: Response) -> Response:
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault(*TRANSPORT)
    if request.endpoint != "static":
        response.headers.setdefault(*UNSTORED)
    return response


def _without_bidi_controls(response: Response) -> Response:
    """Replace bidirectional control characters in pages, wherever a template shows a name."""
    if response.mimetype == PAGE and not response.is_streamed and not response.direct_passthrough:
        text = response.get_data(as_text=True)
        shown = neutralize_bidi_page(text)
        if shown != text:
            response.set_data(shown)
    return response


def neutralize_bidi_page(text: str) -> str:
    """Replace bidirectional control characters in a page, also their escapes in the JSON that its scripts show."""
    return _BIDI_CONTROL_OR_ESCAPE.sub(BIDI_REPLACEMENT, text)


def _pack(response: Response) -> Response:
    if (
        response.mimetype not in COMPRESSED_TYPES
        or response.status_code != 200
        or response.direct_passthrough
        or response.is_streamed
        or "Content-Encoding" in response.headers
        or len(response.get_data()) < WORTH_IT
    ):
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0:
        padding = secrets.randbelow(PADDING) + 1 if response.mimetype == PAGE else 0
        response.set_data(_packed(response.get_data(), padding))
        response.content_encoding = "gzip"
    return response


def _packed(content: bytes, padding: int) -> bytes:
    """Gzipped, with a file name of `padding` bytes in its header.

    A page contains a CSRF token beside text from its address. The random length hides whether a guess of the token
    compresses better (the BREACH attack; Django pads in the same way: https://ieeexplore.ieee.org/document/9754554).
    """
    out = io.BytesIO()
    with gzip.GzipFile(filename="x" * padding, mode="wb", compresslevel=5, fileobj=out, mtime=0) as file:
        file.write(content)
    return out.getvalue()


def _secret(ports: Ports) -> str:
    """Session secret, created once and stored, so that sessions survive a restart."""

    def created(document: Document | None) -> Update | Document:
        return document or Update({"secret": secrets.token_hex(32)})

    return str(update_document(ports.documents, "portal", "session", created).data["secret"])
