"""Manage accounts from the command line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tillstream.app import App
from tillstream.commands.arguments import NoArguments, OfUser
from tillstream.commands.result import Progress, Result
from tillstream.model.errors import Rejected
from tillstream.model.people import Role
from tillstream.people import accounts, invitation_links, sessions, two_factor
from tillstream.people.account_store import User
from tillstream.people.sessions import SessionLifetime

COMMAND_LINE = "command line"
SHOWN = ("login", "name", "role", "regions", "stores", "salesperson", "disabled", "last_seen")


@dataclass(frozen=True, kw_only=True)
class NewUser:
    """A new account with its role and scope."""

    login: str
    name: str
    role: str
    regions: Sequence[str] = ()
    stores: Sequence[str] = ()
    salesperson: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeUser:
    """The fields of an account to change; null leaves a field unchanged."""

    login: str
    name: str | None = None
    role: str | None = None
    regions: Sequence[str] | None = None
    stores: Sequence[str] | None = None
    salesperson: str | None = None


@dataclass(frozen=True, kw_only=True)
class RequireSecondStep:
    """roles: the roles that must sign in with a second factor; all others need none."""

    roles: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class EndSessions:
    """id: only this session; empty: all."""

    login: str
    id: str = ""


def users(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([_user(user) | {"state": user.state} for user in accounts.all_users(app.ports)])


def _user(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in SHOWN}


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise Rejected(f"{text} is not a role; roles are {', '.join(Role)}.") from error


def show(app: App, progress: Progress, arguments: OfUser) -> Result:
    user = accounts.get_user(app.ports, arguments.login)
    return Result(_user(user) | {"changes": accounts.account_history(app.ports, arguments.login)})


def add(app: App, progress: Progress, arguments: NewUser) -> Result:
    password = _create(accounts.add_account, app, arguments)
    return Result(_user(accounts.get_user(app.ports, arguments.login)) | {"password": password})


def invite(app: App, progress: Progress, arguments: NewUser) -> Result:
    text = _create(invitation_links.invite_with_link, app, arguments)
    return Result(_user(accounts.get_user(app.ports, arguments.login)) | {"link": _link(app, text)})


def _create(create: Callable[..., str], app: App, arguments: NewUser) -> str:
    """Create an account; returns its secret: the first password or the text of the invitation."""
    return create(
        app.ports,
        arguments.login,
        arguments.name,
        _role(arguments.role),
        regions=arguments.regions,
        stores=arguments.stores,
        salesperson=arguments.salesperson,
        check_regions=app.contracts.check_regions,
        by=COMMAND_LINE,
    )


def link(app: App, progress: Progress, arguments: OfUser) -> Result:
    """Create a new link, for an unused invitation or a forgotten password."""
    text = invitation_links.reissue_link(app.ports, arguments.login, by=COMMAND_LINE)
    return Result({"login": accounts.get_user(app.ports, arguments.login).login, "link": _link(app, text)})


def _link(app: App, text: str) -> str:
    return f"{app.settings.address}/join/{text}"


def assign(app: App, progress: Progress, arguments: ChangeUser) -> Result:
    user = accounts.assign_account(
        app.ports,
        arguments.login,
        name=arguments.name,
        role=_role(arguments.role) if arguments.role else None,
        regions=arguments.regions,
        stores=arguments.stores,
        salesperson=arguments.salesperson,
        check_regions=app.contracts.check_regions,
        by=COMMAND_LINE,
    )
    return Result(_user(user))


def disable(app: App, progress: Progress, arguments: OfUser) -> Result:
    return Result(_user(accounts.disable_account(app.ports, arguments.login, by=COMMAND_LINE)))


def enable(app: App, progress: Progress, arguments: OfUser) -> Result:
    return Result(_user(accounts.enable_account(app.ports, arguments.login, by=COMMAND_LINE)))


def reset(app: App, progress: Progress, arguments: OfUser) -> Result:
    password = accounts.reset_password(app.ports, arguments.login, by=COMMAND_LINE)
    return Result({"login": accounts.get_user(app.ports, arguments.login).login, "password": password})


def second_step_off(app: App, progress: Progress, arguments: OfUser) -> Result:
    return Result(_user(two_factor.disable_second_factor(app.ports, arguments.login, by=COMMAND_LINE)))


def require_second_step(app: App, progress: Progress, arguments: RequireSecondStep) -> Result:
    two_factor.require_second_factor(app.ports, [_role(role) for role in arguments.roles], COMMAND_LINE)
    return Result([{"role": role} for role in two_factor.second_factor_roles(app.ports)])


def open_sessions(app: App, progress: Progress, arguments: OfUser) -> Result:
    current = sessions.open_sessions(app.ports, accounts.get_user(app.ports, arguments.login), _lives(app))
    shown = ("id", "device", "address", "created_at", "seen_at", "remembered")
    return Result([{name: getattr(one, name) for name in shown} for one in current])


def end_sessions(app: App, progress: Progress, arguments: EndSessions) -> Result:
    user = accounts.get_user(app.ports, arguments.login)
    if arguments.id:
        sessions.end_session(app.ports, user.login, arguments.id, COMMAND_LINE)
        return Result({"login": user.login, "ended": 1})
    return Result({"login": user.login, "ended": sessions.end_sessions(app.ports, user, _lives(app), COMMAND_LINE)})


def _lives(app: App) -> SessionLifetime:
    return SessionLifetime(timedelta(hours=app.settings.session_idle_hours), timedelta(days=app.settings.session_days))
