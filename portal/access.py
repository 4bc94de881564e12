"""The portal room's gate: every view says who may use it, and nothing else is answered."""

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.context import scope, signed_in
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Action

View = TypeVar("View", bound=Callable[..., Any])
MARK = "access"
SMALL_BODY = 1024 * 1024
"""Nobody sends more than a form before signing in, and no till more than a sale."""


class NotForTokens(Rejected):
    """A token was shown where only a person's session counts."""

    def __init__(self) -> None:
        super().__init__("A store's token opens POST /api/sales and nothing else; this call needs a person's session.")


class Open(Enum):
    """Access that no role decides."""

    EVERYBODY = "everybody"
    SIGNED_IN = "signed in"
    STORE_TOKEN = "store token"  # noqa: S105 - a name, not a secret


Access = Open | Action
FILES = frozenset({"static", "bootstrap.static"})


def allow(access: Access) -> Callable[[View], View]:
    """Mark a view with who may use it."""

    def mark(view: View) -> View:
        setattr(view, MARK, access)
        return view

    return mark


def access_of(app: Flask, endpoint: str) -> Access:
    """Who may use an endpoint. Raises `LookupError` for a view that does not say."""
    if endpoint in FILES:
        return Open.EVERYBODY
    access: Access | None = getattr(app.view_functions[endpoint], MARK, None)
    if access is None:
        raise LookupError(f"The view {endpoint} does not say who may use it: mark it with allow(…).")
    return access


def gate() -> ResponseReturnValue | None:
    """Before every request: send strangers to the sign-in page, refuse what the role may not do."""
    if request.endpoint is None:
        return None if signed_in() else _stranger()
    access = access_of(current_app, request.endpoint)
    if access in {Open.EVERYBODY, Open.STORE_TOKEN}:
        request.max_content_length = SMALL_BODY
        return None
    if not signed_in():
        return _stranger()
    if isinstance(access, Action) and not scope().may(access):
        abort(403)
    return None


def _stranger() -> ResponseReturnValue:
    if request.path.startswith("/api/") and request.headers.get("Authorization"):
        raise NotForTokens
    if request.path.startswith("/api/") or request.method not in {"GET", "HEAD"}:
        abort(401)
    wanted = request.full_path.rstrip("?")
    return redirect(url_for("sign_in.form", next=wanted if wanted != "/" else None), 303)


def check_marks(app: Flask) -> None:
    """Raises `LookupError` where a view does not say who may use it, at the start and not at the first visit."""
    for rule in app.url_map.iter_rules():
        access_of(app, rule.endpoint)
