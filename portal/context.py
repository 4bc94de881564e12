"""The portal room: what a view may ask for: the composed application, and the person before the screen."""

from dataclasses import dataclass

from flask import current_app
from flask_login import current_user

from tillstream.app import App
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Scope
from tillstream.people import accounts
from tillstream.people.user import User
from tillstream.ports import Ports

EXTENSION = "tillstream"


@dataclass(frozen=True)
class Person:
    """A signed-in user as flask-login wants one. The session's id ends with the password."""

    user: User
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return f"{self.user.login} {self.user.stamp}"


def load_person(session_id: str) -> Person | None:
    """The person of a session; None once the account is gone, disabled or has another password."""
    login, _, stamp = session_id.partition(" ")
    try:
        user = accounts.get(ports(), login)
    except NotFound:
        return None
    return None if user.disabled or user.stamp != stamp else Person(user)


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


def scope() -> Scope:
    """Whose rows the person may see."""
    return me().scope
