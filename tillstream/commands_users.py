"""What the command line can do with accounts, as plain functions beside those of `commands`."""

from typing import Any

from tillstream.app import App
from tillstream.domain.people import Role
from tillstream.people import accounts
from tillstream.people.user import User
from tillstream.result import Progress, Result

ME = "command line"
SHOWN = ("login", "name", "role", "regions", "stores", "salesperson", "disabled", "last_seen")


def users(app: App, progress: Progress) -> Result:
    return Result([_user(user) for user in accounts.find(app.ports)])


def _user(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in SHOWN}


def show(app: App, progress: Progress, *, login: str) -> Result:
    user = accounts.get(app.ports, login)
    return Result(_user(user) | {"changes": accounts.changes(app.ports, login)})


def add(app: App, progress: Progress, *, login: str, name: str, role: str, **scope: Any) -> Result:
    password = accounts.add(app.ports, login, name, Role(role), known=app.book.regions(), by=ME, **scope)
    return Result(_user(accounts.get(app.ports, login)) | {"password": password})


def assign(app: App, progress: Progress, *, login: str, role: str | None = None, **given: Any) -> Result:
    chosen = Role(role) if role else None
    return Result(_user(accounts.assign(app.ports, login, role=chosen, known=app.book.regions(), by=ME, **given)))


def disable(app: App, progress: Progress, *, login: str) -> Result:
    return Result(_user(accounts.disable(app.ports, login, by=ME)))


def enable(app: App, progress: Progress, *, login: str) -> Result:
    return Result(_user(accounts.enable(app.ports, login, by=ME)))


def reset(app: App, progress: Progress, *, login: str) -> Result:
    password = accounts.reset_password(app.ports, login, by=ME)
    return Result({"login": accounts.get(app.ports, login).login, "password": password})
