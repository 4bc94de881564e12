"""Error table: exception class → HTTP status and the text for the user."""

import secrets
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, jsonify, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, TooManyRequests, Unauthorized

from portal import access
from portal.access import NotForTokens, OwnPasswordRequired, SecondFactorRequired, TokenMisplaced
from portal.api.pagination import ListChanged
from portal.api.uploads import BodyTooLarge, NotAPiece, NotOurVersion
from portal.context import signed_in
from portal.formats import size
from portal.people.sign_in_forms import IdentityNotVerified
from portal.problem_reference import EXPLANATIONS
from portal.translation import N_, _
from tillstream.analytics.filter_values import UnknownValue
from tillstream.analytics.queries import Forbidden, TokenLacksRight
from tillstream.intake.resumable_upload import WrongChecksum, WrongOffset
from tillstream.intake.store_sales import UnsignedSale
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Conflict, NotFound, Rejected, Unavailable
from tillstream.model.people import BeyondScope
from tillstream.people.accounts import WrongSignIn
from tillstream.people.external_identities import NotInvited
from tillstream.people.invitation_links import NoSuchInvitationLink
from tillstream.people.passwords import TooManyTries
from tillstream.sync.http.call_signatures import NotAHome
from tillstream.sync.refusals import OFFICE_BUSY, Busy, Refused

STORE_TOKEN = N_(
    "Send the token of the store as Authorization: Bearer. An administrator creates it under Stores' tills."
)


@dataclass(frozen=True)
class ErrorAnswer:
    """`next_step`: what to do, if the message of the error does not contain it.

    code: last part of the address of the problem type, which does not change; empty if the status describes it fully.
    """

    status: int
    code: str
    next_step: str = ""

    @property
    def title(self) -> str:
        """What happened."""
        return EXPLANATIONS[self.code][0] if self.code else HTTPStatus(self.status).phrase


TABLE: dict[type[Exception], ErrorAnswer] = {
    TooManyTries: ErrorAnswer(429, "too-many-attempts"),
    WrongSignIn: ErrorAnswer(403, "sign-in-failed"),
    NotFound: ErrorAnswer(404, "not-found"),
    NotForTokens: ErrorAnswer(403, "token-not-accepted"),
    TokenMisplaced: ErrorAnswer(403, "token-not-accepted"),
    TokenLacksRight: ErrorAnswer(403, "token-lacks-right"),
    OwnPasswordRequired: ErrorAnswer(403, "own-password-required"),
    SecondFactorRequired: ErrorAnswer(403, "two-factor-required"),
    NotInvited: ErrorAnswer(403, "no-account"),
    IdentityNotVerified: ErrorAnswer(403, "identity-not-verified"),
    NoSuchInvitationLink: ErrorAnswer(410, "link-not-valid"),
    Forbidden: ErrorAnswer(403, "no-access"),
    BeyondScope: ErrorAnswer(403, "no-access"),
    UnknownValue: ErrorAnswer(400, "unknown-value"),
    WrongChecksum: ErrorAnswer(460, "wrong-checksum"),
    NotOurVersion: ErrorAnswer(412, "protocol-version"),
    NotAPiece: ErrorAnswer(415, "content-type"),
    BodyTooLarge: ErrorAnswer(413, "too-large"),
    UnsignedSale: ErrorAnswer(422, "unsigned"),
    NotAHome: ErrorAnswer(401, "home-not-recognized"),
    Refused: ErrorAnswer(409, "sync-refused"),
    Rejected: ErrorAnswer(422, "not-possible"),
    ListChanged: ErrorAnswer(409, "list-changed"),
    WrongOffset: ErrorAnswer(409, "wrong-offset"),
    Conflict: ErrorAnswer(409, "changed-meanwhile", N_("Reload the page, then try again.")),
    Unavailable: ErrorAnswer(503, "unavailable", N_("Nothing was lost. Try again in a moment.")),
    CSRFError: ErrorAnswer(400, "page-expired", N_("Go back, reload the page, and try again.")),
    TooManyRequests: ErrorAnswer(429, "too-many-requests", N_("Wait a minute, then try again.")),
}
"""Exception class → response; the nearest base class in the table applies."""

BY_STATUS: dict[int, ErrorAnswer] = {
    400: ErrorAnswer(400, "unreadable-request", N_("Go back, reload the page, and try again.")),
    401: ErrorAnswer(401, "sign-in-required", N_("Sign in, then try again.")),
    403: ErrorAnswer(403, "no-access", N_("If you need access, ask an administrator.")),
    404: ErrorAnswer(404, "not-found", N_("Check the address, or start from the dashboard.")),
    405: ErrorAnswer(405, "method-not-allowed", N_("Use the buttons on the page.")),
    413: ErrorAnswer(413, "too-large"),
}
NO_TOKEN = ErrorAnswer(
    403,
    "csrf-token-missing",
    N_(
        "A request that changes data needs a session cookie and the header X-CSRFToken. The header contains the "
        "content of the meta tag csrf-token of any page of that session. Over https, the request also needs a "
        "Referer of the portal."
    ),
)
"""For programs, in place of the `CSRFError` entry of `TABLE`."""
BAD_TOKEN = ErrorAnswer(
    401,
    "token-not-valid",
    N_("It was revoked, has expired or never existed. Create another one under API tokens."),
)

FAULT = ErrorAnswer(500, "internal-error", N_("If it happens again, give an administrator the reference below."))


def register(app: Flask) -> None:
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> Any:
    """Response to any error: problem JSON for programs, a page for browsers."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return error
    entry = _look_up(error)
    detail, reference = _words(error, entry), ""
    if isinstance(error, Busy):
        current_app.logger.info("busy on %s %s: %s", request.method, request.path, error)
    elif entry.status >= 500:
        reference = secrets.token_hex(4)
        current_app.logger.error("fault %s on %s %s", reference, request.method, request.path, exc_info=error)
    response = _problem(entry, detail, reference, error) if _program() else _page(entry, detail, reference)
    response.status_code = entry.status
    if isinstance(error, TooManyTries | Busy):
        response.headers["Retry-After"] = str(error.seconds)
    elif entry.status in {429, 503}:
        response.headers["Retry-After"] = "60" if entry.status == 429 else "5"
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    if entry.status == 401:
        wrong = ', error="invalid_token"' if access.request_token() else ""
        scheme = "Basic" if request.path.startswith(access.FILE_PATHS) else "Bearer"  # spreadsheets ask for a password
        response.headers["WWW-Authenticate"] = f'{scheme} realm="Tillstream"{wrong if scheme == "Bearer" else ""}'
    return response


def _look_up(error: Exception) -> ErrorAnswer:
    if isinstance(error, Unauthorized):
        entry = BAD_TOKEN if access.request_token() else BY_STATUS[401]
        return replace(entry, next_step=STORE_TOKEN) if request.endpoint in {"api.sales", "api.outcomes"} else entry
    if isinstance(error, CSRFError) and request.path.startswith("/api/"):
        return NO_TOKEN
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind]
    if isinstance(error, HTTPException) and error.code is not None:
        return BY_STATUS.get(error.code) or ErrorAnswer(error.code, "")
    return FAULT


def _words(error: Exception, entry: ErrorAnswer) -> str:
    if entry.status == 413 and not isinstance(error, BodyTooLarge):
        return _limit()
    if isinstance(error, MethodNotAllowed) and error.valid_methods and _program():
        return _("Use {valid_methods}.", valid_methods=" or ".join(sorted(error.valid_methods)))
    ours = any(kind in TABLE for kind in type(error).__mro__) and not isinstance(error, HTTPException)
    return str(error) if ours else entry.next_step


def _limit() -> str:
    """The size limit of the request, and what to do with more."""
    limit = request.max_content_length
    if limit is None or (request.content_length or 0) <= limit:
        return _("The form has too much text or too many fields.")
    if request.blueprint == "api":
        return _("A request may have at most {size}. Send fewer messages at once.", size=size(limit))
    if request.blueprint == "uploads":
        return _(
            "The maximum size is {size}. Split the file, or compress it with gzip, and upload it again.",
            size=size(limit),
        )
    return _("The maximum size here is {size}.", size=size(limit))


def _program() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return request.path.startswith((*access.PROGRAMS, "/healthz", "/metrics")) or (
        best is not None and best != "text/html"
    )


def _problem(entry: ErrorAnswer, detail: str, reference: str, error: Exception) -> Response:
    body: JsonObject = {
        "type": url_for("help.problem", code=entry.code) if entry.code else "about:blank",
        "title": entry.title,
        "status": entry.status,
        "detail": detail,
        "instance": f"urn:tillstream:fault:{reference}" if reference else quote(request.path),
    }
    problems = getattr(error, "problems", None)
    if problems:
        body["problems"] = problems
    if isinstance(error, Refused):
        body["refusal"] = {"code": error.code, **error.details}
    if isinstance(error, Busy):
        body["refusal"] = {"code": OFFICE_BUSY}
    response = jsonify(body)
    response.mimetype = "application/problem+json"
    return response


def _page(entry: ErrorAnswer, detail: str, reference: str) -> Response:
    html = render_template("error.html", answer=entry, detail=detail, reference=reference, is_signed_in=signed_in())
    return Response(html, mimetype="text/html")
