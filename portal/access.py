"""Access: personal tokens, who may call each view, and the gate that checks every request."""

from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, Request, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from werkzeug.exceptions import MethodNotAllowed

from portal.context import SignedInUser, me, ports, scope, shown_token, signed_in, this_session, tillstream
from portal.translation import _
from tillstream.analytics.queries import TokenLacksRight
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action
from tillstream.people import account_store, personal_tokens
from tillstream.people.personal_tokens import PersonalToken

API, FILE_PATHS, READY = "/api/", "/files/", "/healthz/ready"
PROGRAMS = (API, FILE_PATHS, READY)
"""Beginnings of the paths that accept tokens."""
IN_ADDRESS = "token"
"""The argument of an address that contains a token."""

View = TypeVar("View", bound=Callable[..., Any])
MARK = "access"
SMALL_BODY = 1024 * 1024
"""Maximum bytes in the body of an anonymous request (a sign-in form) or of a till's request (one sale)."""

WITHOUT_OWN_PASSWORD = frozenset({"sign_in.password", "sign_in.change_password", "sign_in.leave"})
WITHOUT_SECOND_STEP = frozenset({"profile.second_step", "profile.finish_second_step", "sign_in.leave"})
FILES = frozenset({"static"})


def request_token() -> str:
    """Token of the request; empty if there is none, and on pages. Live files also accept it as the password of Basic
    authentication, and in the address."""
    path, text = request.path, bearer(request.headers.get("Authorization", ""))
    if path.startswith(FILE_PATHS) and not text:
        return _password() or request.args.get(IN_ADDRESS, "").strip()
    return text if path.startswith(PROGRAMS) else ""


def bearer(authorization: str) -> str:
    """The token of an Authorization header; empty if it has none."""
    scheme, _, text = authorization.partition(" ")
    return text.strip() if scheme.casefold() == "bearer" else ""


def load_token_user(_: Request) -> SignedInUser | None:
    """User of the token, for flask-login; checked once per request."""
    text = request_token()
    if not text:
        return None
    if "by_token" not in g:
        token_and_user = personal_tokens.check_personal_token(ports(), text)
        g.misplaced = token_and_user is not None and token_misplaced_reason(token_and_user[0])
        g.by_token = token_and_user and not g.misplaced and SignedInUser(token_and_user[1], token_and_user[0])
    person: SignedInUser | None = g.by_token or None
    return person


def token_misplaced_reason(token: PersonalToken) -> str:
    """Why a valid token is not accepted in this request; empty if it is."""
    if token.files_only:
        return (
            ""
            if request.path.startswith(FILE_PATHS)
            else _(
                "This token is valid only for live files. For other requests, create a token for programs under API "
                "tokens."
            )
        )
    authorization = request.headers.get("Authorization", "")
    return (
        _(
            "This token must not be part of an address, because it is valid for more than live files. Create one "
            "for files under API tokens, or send it as the password."
        )
        if not (bearer(authorization) or _password())
        else ""
    )


def _password() -> str:
    """The password of Basic authentication; the name is ignored."""
    sent = request.authorization
    return (sent.password or "").strip() if sent is not None and sent.type == "basic" else ""


class NotForTokens(Rejected):
    """A store token was used where a personal token or a session is required."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "A store token is valid only for /api/sales and what is below it. This request needs a personal "
                "token or a session."
            )
        )


class TokenMisplaced(Rejected):
    """A token for files was used for another request, or another token in an address."""


class SecondFactorRequired(Rejected):
    """The user's role requires two-factor sign-in."""

    def __init__(self) -> None:
        super().__init__(_("Your role requires two-factor sign-in. Set it up on your profile first."))


class OwnPasswordRequired(Rejected):
    """The user has signed in with a password that another person or the program has chosen."""

    def __init__(self) -> None:
        super().__init__(_("Choose your own password first. Until then, your sign-in is valid only for that."))


class Open(Enum):
    """Access levels that do not depend on a role."""

    EVERYBODY = "everybody"
    SIGNED_IN = "signed in"
    STORE_TOKEN = "store token"  # noqa: S105 - a name, not a secret
    HOME_KEY = "key of a home"


Access = Open | Action
KEYS = frozenset({Open.STORE_TOKEN, Open.HOME_KEY})
"""Access without a user: the view checks the token or the signature itself."""


def allow(access: Access) -> Callable[[View], View]:
    """Declare who may call a view."""

    def mark(view: View) -> View:
        setattr(view, MARK, access)
        return view

    return mark


def requires_password_sign_in(view: View) -> View:
    """Answer 404 where password sign-in is disabled."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not tillstream().settings.passwords_open:
            abort(404)
        return view(*args, **kwargs)

    return cast("View", wrapper)


def access_of(app: Flask, endpoint: str) -> Access:
    """Access level of an endpoint. Raises `LookupError` for a view that declares none."""
    if endpoint in FILES:
        return Open.EVERYBODY
    access: Access | None = getattr(app.view_functions[endpoint], MARK, None)
    if access is None:
        raise LookupError(f"The view {endpoint} does not say who may use it: mark it with allow(…).")
    return access


def gate() -> ResponseReturnValue | None:
    """Before every request: redirect anonymous users to the sign-in page, reject what the role does not allow."""
    if request.endpoint is None:
        wrong_method = isinstance(request.routing_exception, MethodNotAllowed)
        return None if wrong_method or signed_in() else _reject_anonymous()
    access = access_of(current_app, request.endpoint)
    if access in {Open.EVERYBODY, *KEYS}:
        request.max_content_length = SMALL_BODY
        return None
    if not signed_in():
        return _reject_anonymous()
    if _lacks_own_password():
        if request.endpoint not in WITHOUT_OWN_PASSWORD:
            return _to(OwnPasswordRequired(), url_for("sign_in.password", next=_wanted()))
    elif request.endpoint not in WITHOUT_SECOND_STEP and _lacks_second_step():
        return _to(SecondFactorRequired(), url_for("profile.second_step"))
    if isinstance(access, Action) and not scope().may(access):
        if shown_token() and me().scope.may(access):
            raise TokenLacksRight(access)
        abort(403)
    return None


def _lacks_own_password() -> bool:
    """Whether the user must choose a password; tokens are issued by people, and other providers have own rules."""
    return not shown_token() and not this_session().way and me().given_password and tillstream().settings.passwords_open


def _lacks_second_step() -> bool:
    """Whether a required second factor is missing; external identity providers apply their own rules."""
    return not shown_token() and not this_session().way and account_store.must_set_up_second_factor(ports(), me())


def _to(missing: Rejected, page: str) -> ResponseReturnValue:
    """Redirect to the page that provides what is missing; API calls and changes are rejected."""
    if _program() or request.method not in {"GET", "HEAD"}:
        raise missing
    return redirect(page, 303)


def guard(csrf: CSRFProtect) -> None:
    """Require a CSRF token of session requests. Bearer tokens are exempt: no other site can send them."""
    if request.endpoint is None or access_of(current_app, request.endpoint) in KEYS:
        return
    if not (signed_in() and shown_token()):
        csrf.protect()


def _program() -> bool:
    """Whether the request is one of a program, which cannot follow a redirect to a form."""
    return request.path.startswith(PROGRAMS) and not request.path.startswith("/api/docs")


def _reject_anonymous() -> ResponseReturnValue:
    if request_token().startswith("till_"):
        raise NotForTokens
    if misplaced := g.get("misplaced"):
        raise TokenMisplaced(misplaced)
    if _program() or request.method not in {"GET", "HEAD"}:
        abort(401)
    return redirect(url_for("sign_in.form", next=_wanted()), 303)


def _wanted() -> str | None:
    """The requested page, to return to; None for the first one."""
    wanted = request.full_path.rstrip("?")
    return wanted if wanted != "/" else None


def check_marks(app: Flask) -> None:
    """Check at startup that every view declares its access. Raises `LookupError`."""
    for rule in app.url_map.iter_rules():
        access_of(app, rule.endpoint)
