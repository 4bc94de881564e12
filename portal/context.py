"""What a view may ask for: the composed application, and the person before the screen."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask, current_app, g, request
from flask import session as cookie
from flask_login import current_user, login_user, logout_user

from tillstream import audit
from tillstream.app import App
from tillstream.domain.people import Scope
from tillstream.people.personal_tokens import PersonalToken
from tillstream.people.sign_in import sessions
from tillstream.people.sign_in.sessions import Lives, Session
from tillstream.people.user import User
from tillstream.ports import Ports

EXTENSION = "tillstream"
COMES_FROM = "comes_from"
LOOKS = 1.0
"""Seconds between two looks at the contracts."""


@dataclass(frozen=True)
class Person:
    """A signed-in user as flask-login wants one."""

    user: User
    token: PersonalToken | None = None
    """The token that a program showed in the place of a sign-in."""
    session: Session | None = None
    """Where they are signed in; None for a token."""
    key: str = ""
    """The text that opens the session; it stands in the cookie and nowhere else."""
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.key


def enter(user: User, *, remembered: bool = False, way: str = "") -> None:
    """Begin a session here, in the place of whatever the browser brought along."""
    # A session planted before the sign-in must not become the person's.
    cookie.clear()
    cookie.permanent = remembered
    address, agent = request.remote_addr or "", request.user_agent.string
    key = sessions.begin(ports(), user, address=address, agent=agent, remembered=remembered, way=way)
    login_user(Person(user, key=key))


def leave() -> None:
    """End the session here."""
    if this_session():
        sessions.end(ports(), me().login, this_session().id, me().login)
    logout_user()
    cookie.clear()


def this_session() -> Session:
    """The session by which the person is here; only behind the gate, and not for tokens."""
    session: Session = current_user.session
    return session


def lives() -> Lives:
    """How long sessions live here."""
    settings = tillstream().settings
    return Lives(timedelta(hours=settings.session_idle_hours), timedelta(days=settings.session_days))


def say_where_requests_come_from(app: Flask) -> None:
    """What a request changes is recorded with its address."""

    @app.before_request
    def begin() -> None:
        stack = ExitStack()
        stack.enter_context(audit.coming_from(request.remote_addr or ""))
        setattr(g, COMES_FROM, stack)

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        stack: ExitStack | None = g.pop(COMES_FROM, None)
        if stack:
            stack.close()


def see_what_others_saved(app: Flask) -> None:
    """Contracts that another instance saved are known here a second later."""
    looked_at = float("-inf")

    @app.before_request
    def look() -> None:
        nonlocal looked_at
        if request.endpoint != "static" and time.monotonic() - looked_at >= LOOKS:
            looked_at = time.monotonic()
            tillstream().book.refresh()


def tillstream() -> App:
    app: App = current_app.extensions[EXTENSION]
    return app


def ports() -> Ports:
    return tillstream().ports


def signed_in() -> bool:
    return bool(current_user and current_user.is_authenticated)


def me() -> User:
    """The person signed in; only behind the gate."""
    user: User = current_user.user
    return user


def shown_token() -> PersonalToken | None:
    """The token by which the person is here; None for a session."""
    token: PersonalToken | None = current_user.token
    return token


def scope() -> Scope:
    """Whose rows the person may see, and of the person's rights those of the token."""
    token = shown_token()
    return token.scope(me()) if token else me().scope
