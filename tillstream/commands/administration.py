"""Manage accounts and personal tokens, and read the audit log."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any

from tillstream.app import App
from tillstream.commands.arguments import NoArguments, OfUser
from tillstream.commands.result import COMMAND_LINE, Progress, Result
from tillstream.model.errors import Rejected
from tillstream.model.people import Role
from tillstream.people import account_store, accounts, invitation_links, personal_tokens, sessions, two_factor
from tillstream.people.account_store import User
from tillstream.people.personal_tokens import PersonalToken
from tillstream.people.sessions import SessionLifetime
from tillstream.records import audit_log

USER_COLUMNS = ("login", "name", "role", "regions", "stores", "salesperson", "disabled", "last_seen")


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


def list_users(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([_user_row(user) | {"state": user.state} for user in accounts.all_users(app.ports)])


def _user_row(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in USER_COLUMNS}


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise Rejected(f"{text} is not a role; roles are {', '.join(Role)}.") from error


def show_user(app: App, progress: Progress, arguments: OfUser) -> Result:
    user = accounts.get_user(app.ports, arguments.login)
    return Result(_user_row(user) | {"changes": accounts.account_history(app.ports, arguments.login)})


def add_user(app: App, progress: Progress, arguments: NewUser) -> Result:
    password = _create_account(accounts.add_account, app, arguments)
    return Result(_user_row(accounts.get_user(app.ports, arguments.login)) | {"password": password})


def invite_user(app: App, progress: Progress, arguments: NewUser) -> Result:
    text = _create_account(invitation_links.invite_with_link, app, arguments)
    return Result(_user_row(accounts.get_user(app.ports, arguments.login)) | {"link": _link(app, text)})


def _create_account(create: Callable[..., str], app: App, arguments: NewUser) -> str:
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


def reissue_link(app: App, progress: Progress, arguments: OfUser) -> Result:
    """Create a new link, for an unused invitation or a forgotten password."""
    text = invitation_links.reissue_link(app.ports, arguments.login, by=COMMAND_LINE)
    return Result({"login": accounts.get_user(app.ports, arguments.login).login, "link": _link(app, text)})


def _link(app: App, text: str) -> str:
    return f"{app.settings.address}/join/{text}"


def change_user(app: App, progress: Progress, arguments: ChangeUser) -> Result:
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
    return Result(_user_row(user))


def disable_user(app: App, progress: Progress, arguments: OfUser) -> Result:
    return Result(_user_row(accounts.disable_account(app.ports, arguments.login, by=COMMAND_LINE)))


def enable_user(app: App, progress: Progress, arguments: OfUser) -> Result:
    return Result(_user_row(accounts.enable_account(app.ports, arguments.login, by=COMMAND_LINE)))


def reset_password(app: App, progress: Progress, arguments: OfUser) -> Result:
    password = accounts.reset_password(app.ports, arguments.login, by=COMMAND_LINE)
    return Result({"login": accounts.get_user(app.ports, arguments.login).login, "password": password})


def turn_off_second_step(app: App, progress: Progress, arguments: OfUser) -> Result:
    return Result(_user_row(two_factor.disable_second_factor(app.ports, arguments.login, by=COMMAND_LINE)))


def require_second_step(app: App, progress: Progress, arguments: RequireSecondStep) -> Result:
    account_store.require_second_factor(app.ports, [_role(role) for role in arguments.roles], COMMAND_LINE)
    return Result([{"role": role} for role in account_store.second_factor_roles(app.ports)])


def list_sessions(app: App, progress: Progress, arguments: OfUser) -> Result:
    current = sessions.open_sessions(app.ports, accounts.get_user(app.ports, arguments.login), _session_lifetime(app))
    shown = ("id", "device", "address", "created_at", "seen_at", "remembered")
    return Result([{name: getattr(one, name) for name in shown} for one in current])


def end_sessions(app: App, progress: Progress, arguments: EndSessions) -> Result:
    user = accounts.get_user(app.ports, arguments.login)
    if arguments.id:
        sessions.end_session(app.ports, user.login, arguments.id, COMMAND_LINE)
        return Result({"login": user.login, "ended": 1})
    return Result(
        {"login": user.login, "ended": sessions.end_sessions(app.ports, user, _session_lifetime(app), COMMAND_LINE)}
    )


def _session_lifetime(app: App) -> SessionLifetime:
    return SessionLifetime(timedelta(hours=app.settings.session_idle_hours), timedelta(days=app.settings.session_days))


@dataclass(frozen=True, kw_only=True)
class ListTokens:
    """login: only the tokens of this user; empty: those of all users."""

    login: str = ""


@dataclass(frozen=True, kw_only=True)
class MakeToken:
    """regions: regions to which it is limited; none: all of the user. days: how long it is valid.
    files_only: valid only for live files."""

    login: str
    name: str
    rights: Sequence[str]
    regions: Sequence[str] = ()
    days: int = personal_tokens.DEFAULT_DAYS
    files_only: bool = False


@dataclass(frozen=True, kw_only=True)
class RevokeToken:
    """token: its id."""

    token: str


def list_tokens(app: App, progress: Progress, arguments: ListTokens) -> Result:
    return Result(
        [_token_row(app, token) for token in personal_tokens.find_personal_tokens(app.ports, arguments.login or None)]
    )


def make_token(app: App, progress: Progress, arguments: MakeToken) -> Result:
    token, text = personal_tokens.issue_personal_token(
        app.ports,
        arguments.login,
        arguments.name,
        arguments.rights,
        regions=arguments.regions,
        days=arguments.days,
        check_regions=app.contracts.check_regions,
        files_only=arguments.files_only,
        by=COMMAND_LINE,
    )
    return Result(_token_row(app, token) | {"token": text})


def revoke_token(app: App, progress: Progress, arguments: RevokeToken) -> Result:
    return Result(_token_row(app, personal_tokens.revoke_personal_token(app.ports, arguments.token, by=COMMAND_LINE)))


def _token_row(app: App, token: PersonalToken) -> dict[str, Any]:
    shown = asdict(token) | {"state": token.state(app.ports.clock.now())}
    del shown["account"]
    return shown


@dataclass(frozen=True, kw_only=True)
class ReadAuditLog:
    """Filter of entries, as `AuditFilter`. since, until: days as in 2026-07-01."""

    limit: int = 50
    since: str = ""
    until: str = ""
    who: str = ""
    what: str = ""
    subject: str = ""
    text: str = ""


def read_audit_log(app: App, progress: Progress, arguments: ReadAuditLog) -> Result:
    """Return entries, newest first."""
    audit_filter = audit_log.AuditFilter(
        since=_day(arguments.since),
        until=_day(arguments.until),
        who=arguments.who,
        what=arguments.what,
        subject=arguments.subject,
        text=arguments.text,
    )
    entries = islice(audit_log.find_entries(app.ports, audit_filter), arguments.limit)
    return Result([entry.to_json() for entry in entries])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Rejected(f"{text} is not a day. Use the format 2026-07-01.") from error
