"""A short way for the sales of tills: requests that are accepted pass none of the layers that pages and people need.

A till sends no cookie and has no rate limit. Through the portal a request for one sale takes four times as long.
Whatever is not accepted is handled by the portal, so that errors are the same.
"""

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from portal import context, security, token_auth
from portal.api import paths
from portal.api.tills import sales as store_sales
from tillstream.app import App
from tillstream.intake import store_messages
from tillstream.model import json_text
from tillstream.model.errors import Rejected
from tillstream.people import store_credentials
from tillstream.records import audit_log

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADDRESSES = frozenset(f"{root}sales" for root in (paths.ROOT, paths.ALIAS))
JSON = "application/json"
ACCEPTED = "202 ACCEPTED"


def register(portal: Flask, app: App) -> None:
    """Call before the proxies of `security.configure`. In a Google Cloud project, the portal logs every request."""
    if not app.settings.project:
        portal.wsgi_app = _SalesIntake(portal, app)  # type: ignore[method-assign]


class _SalesIntake:
    def __init__(self, portal: Flask, app: App) -> None:
        self._portal: WSGIApplication = portal.wsgi_app
        self._extensions = portal.extensions
        self._headers = [("Content-Type", JSON), security.UNSTORED, *security.headers(app.ports).items()]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        size = _size(environ)
        if size is None:
            return self._portal(environ, start_response)
        body = environ["wsgi.input"].read(size)
        try:
            answer = self._accept(environ, body)
        except Exception:  # noqa: BLE001 - raised again by the portal, which has a response for each error
            environ["wsgi.input"] = io.BytesIO(body)
            return self._portal(environ, start_response)
        transport = [security.TRANSPORT] if environ["wsgi.url_scheme"] == "https" else []
        start_response(ACCEPTED, [*self._headers, *transport, ("Content-Length", str(len(answer)))])
        return [answer]

    def _accept(self, environ: "WSGIEnvironment", body: bytes) -> bytes:
        """Raises for whatever is not accepted."""
        app: App = self._extensions[context.EXTENSION]
        store = store_credentials.check_store_token(app.ports, token_auth.bearer(environ.get("HTTP_AUTHORIZATION", "")))
        if store is None:
            raise Rejected("No store has this token.")
        is_json = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().casefold() == JSON
        encoding = environ.get("HTTP_CONTENT_ENCODING", "")
        with audit_log.client_address(environ.get("REMOTE_ADDR", "")):
            return json_text.encode_json(store_sales.accept(app.ports, store, body, encoding, is_json=is_json))


def _size(environ: "WSGIEnvironment") -> int | None:
    """Bytes of the body of a till's request; None for any other request, also one of a page of another site."""
    if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] not in ADDRESSES or "HTTP_ORIGIN" in environ:
        return None
    length = environ.get("CONTENT_LENGTH", "")
    return int(length) if length.isdecimal() and int(length) <= store_messages.MAX_REQUEST_BYTES else None
