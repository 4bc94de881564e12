"""Request context: the application, the signed-in user, begin and end of sessions, and the address in audit entries."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from flask import Flask, current_app, g, has_request_context, request
from flask import session as cookie
from flask_login import current_user, login_user, logout_user
from flask_wtf.csrf import generate_csrf

from tillstream.app import App
from tillstream.model.people import Scope
from tillstream.people import sessions
from tillstream.people.account_store import User
from tillstream.people.personal_tokens import PersonalToken
from tillstream.people.sessions import Session, SessionLifetime
from tillstream.ports import Ports
from tillstream.records import audit_log

EXTENSION = "tillstream"
AUDIT_STACK = "comes_from"
PAGE = "app_of_page"
TemplateContext = dict[str, Any]
"""What a template reads, by name."""
READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class SignedInUser:
    """A signed-in user, as flask-login expects it."""

    user: User
    token: PersonalToken | None = None
    """Personal token of the request; None for a session."""
    session: Session | None = None
    """Browser session; None for a token."""
    key: str = ""
    """Secret session key, kept in the cookie only."""
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.key


def enter(user: User, *, remembered: bool = False, way: str = "") -> None:
    """Start a session for a user, replacing any session that the browser sent."""
    # Prevent session fixation: a session planted before sign-in must not become the user's.
    cookie.clear()
    g.pop("csrf_token", None)
    cookie.permanent = remembered
    address, agent = request.remote_addr or "", request.user_agent.string
    key = sessions.begin_session(ports(), user, address=address, agent=agent, remembered=remembered, way=way)
    login_user(SignedInUser(user, key=key))
    # Now, not on the first page: a late response that sets the cookie would undo another sign-in in this browser. The
    # token in `g` belonged to the session before.
    generate_csrf()


def leave() -> None:
    """End the current session."""
    if this_session():
        sessions.end_session(ports(), me().login, this_session().id, me().login)
    logout_user()
    cookie.clear()


def this_session() -> Session:
    """Session of the request. Call only behind the gate, and not for tokens."""
    session: Session = current_user.session
    return session


def lives() -> SessionLifetime:
    """Session lifetimes from the settings."""
    settings = tillstream().settings
    return SessionLifetime(timedelta(hours=settings.session_idle_hours), timedelta(days=settings.session_days))


def record_audit_address(app: Flask) -> None:
    """Record the client address of each request in its audit entries."""

    @app.before_request
    def begin() -> None:
        stack = ExitStack()
        stack.enter_context(audit_log.client_address(request.remote_addr or ""))
        setattr(g, AUDIT_STACK, stack)

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        stack: ExitStack | None = g.pop(AUDIT_STACK, None)
        if stack:
            stack.close()


def tillstream() -> App:
    """The application. The queries of a page that only reads share what they all depend on (`for_one_page`)."""
    app: App = current_app.extensions[EXTENSION]
    if not has_request_context() or request.method not in READING:
        return app
    if PAGE not in g:
        setattr(g, PAGE, replace(app, queries=app.queries.for_one_page()))
    page: App = getattr(g, PAGE)
    return page


def ports() -> Ports:
    return tillstream().ports


def signed_in() -> bool:
    return bool(current_user and current_user.is_authenticated)


def me() -> User:
    """The signed-in user. Call only behind the gate."""
    user: User = current_user.user
    return user


def shown_token() -> PersonalToken | None:
    """Personal token that authenticates the request; None for a session."""
    token: PersonalToken | None = current_user.token
    return token


def scope() -> Scope:
    """Rows and rights of the request; a personal token may narrow those of its user."""
    token = shown_token()
    return token.scope(me()) if token else me().scope


def stores() -> tuple[str, ...] | None:
    """The stores to which the user is bound; None: not bound."""
    return scope().stores
