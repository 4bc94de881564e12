"""Manage accounts from the command line."""

from datetime import timedelta
from typing import Any

from tillstream.app import App
from tillstream.commands.result import Progress, Result
from tillstream.domain.people import Role
from tillstream.people import accounts, history, invitation_links
from tillstream.people.sign_in import mfa_policy, sessions, totp
from tillstream.people.sign_in.sessions import SessionLifetime
from tillstream.people.user import User

COMMAND_LINE = "command line"
SHOWN = ("login", "name", "role", "regions", "stores", "salesperson", "disabled", "last_seen")


def users(app: App, progress: Progress) -> Result:
    return Result([_user(user) | {"state": user.state} for user in accounts.find(app.ports)])


def _user(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in SHOWN}


def show(app: App, progress: Progress, *, login: str) -> Result:
    user = accounts.get(app.ports, login)
    return Result(_user(user) | {"changes": history.changes(app.ports, login)})


def add(app: App, progress: Progress, *, login: str, name: str, role: str, **scope: Any) -> Result:
    password = accounts.add(
        app.ports, login, name, Role(role), valid_regions=app.book.regions(), by=COMMAND_LINE, **scope
    )
    return Result(_user(accounts.get(app.ports, login)) | {"password": password})


def invite(app: App, progress: Progress, *, login: str, name: str, role: str, **scope: Any) -> Result:
    text = invitation_links.invite(
        app.ports, login, name, Role(role), valid_regions=app.book.regions(), by=COMMAND_LINE, **scope
    )
    return Result(_user(accounts.get(app.ports, login)) | {"link": _link(app, text)})


def link(app: App, progress: Progress, *, login: str) -> Result:
    """Create a new link, for an unused invitation or a forgotten password."""
    text = invitation_links.reissue(app.ports, login, by=COMMAND_LINE)
    return Result({"login": accounts.get(app.ports, login).login, "link": _link(app, text)})


def _link(app: App, text: str) -> str:
    return f"http://{app.settings.host}:{app.settings.port}/join/{text}"


def assign(app: App, progress: Progress, *, login: str, role: str | None = None, **scope: Any) -> Result:
    chosen = Role(role) if role else None
    return Result(
        _user(
            accounts.assign(app.ports, login, role=chosen, valid_regions=app.book.regions(), by=COMMAND_LINE, **scope)
        )
    )


def disable(app: App, progress: Progress, *, login: str) -> Result:
    return Result(_user(accounts.disable(app.ports, login, by=COMMAND_LINE)))


def enable(app: App, progress: Progress, *, login: str) -> Result:
    return Result(_user(accounts.enable(app.ports, login, by=COMMAND_LINE)))


def reset(app: App, progress: Progress, *, login: str) -> Result:
    password = accounts.reset_password(app.ports, login, by=COMMAND_LINE)
    return Result({"login": accounts.get(app.ports, login).login, "password": password})


def second_step_off(app: App, progress: Progress, *, login: str) -> Result:
    return Result(_user(totp.disable(app.ports, login, by=COMMAND_LINE)))


def require_second_step(app: App, progress: Progress, *, roles: list[str]) -> Result:
    mfa_policy.require_second_step(app.ports, [Role(role) for role in roles], COMMAND_LINE)
    return Result([{"role": role} for role in mfa_policy.second_step_roles(app.ports)])


def open_sessions(app: App, progress: Progress, *, login: str) -> Result:
    current = sessions.still_open(app.ports, accounts.get(app.ports, login), _lives(app))
    shown = ("id", "device", "address", "created_at", "seen_at", "remembered")
    return Result([{name: getattr(one, name) for name in shown} for one in current])


def end_sessions(app: App, progress: Progress, *, login: str, id: str = "") -> Result:
    user = accounts.get(app.ports, login)
    if id:
        sessions.end(app.ports, user.login, id, COMMAND_LINE)
        return Result({"login": user.login, "ended": 1})
    return Result({"login": user.login, "ended": sessions.end_all(app.ports, user, _lives(app), COMMAND_LINE)})


def _lives(app: App) -> SessionLifetime:
    return SessionLifetime(timedelta(hours=app.settings.session_idle_hours), timedelta(days=app.settings.session_days))
