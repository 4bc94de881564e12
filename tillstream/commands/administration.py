"""`tillstream users …`, `tillstream tokens …` and `tillstream audit`: who may sign in, and what was done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated, TypedDict, cast

from tillstream.commands.declaration import Group, Option
from tillstream.commands.printing import count_words, print_line, print_title, show_each, show_list
from tillstream.commands.result import COMMAND_LINE, Result
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Role

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.people.account_store import User
    from tillstream.people.personal_tokens import PersonalToken
    from tillstream.people.sessions import SessionLifetime

root = Group()
users = Group("users", "Manage accounts: who can sign in, and what they can see.")
tokens = Group("tokens", "Manage personal tokens, with which programs sign in to the API.")
ROLES = [role.value for role in Role]
UserName = Annotated[str, Option("The user's name; default: the sign-in name.")]
UserRole = Annotated[str, Option("The user's role.", choices=ROLES)]
UserRegions = Annotated[Sequence[str], Option("A region the user can see; can be repeated.", names=("--region",))]
UserStores = Annotated[Sequence[str], Option("Limit the user to a store; can be repeated.", names=("--store",))]
Salesperson = Annotated[str | None, Option("The salesperson's ID, as the tills record it.")]
RIGHTS = ("numbers", "personal", "uploads", "upload", "decide", "pipeline", "quality", "stock")


class AccountRow(TypedDict):
    login: str
    name: str
    role: str
    regions: list[str]
    stores: list[str]
    salesperson: str
    disabled: bool
    last_seen: str


class AccountAnswer(AccountRow, total=False):
    """An account, with its new password or link, or its history, if included."""

    link: str
    password: str
    changes: list[dict[str, str]]


def _show_entry(
    *, at: str, who: str, what: str, subject: str, before: JsonObject, after: JsonObject, address: str
) -> None:
    """Print an audit entry, followed by its field changes."""
    print_line(f"{at}  {what} {subject}, by {who}{f' from {address}' if address else ''}")
    for name in {**before, **after}:
        was, now = before.get(name), after.get(name)
        print_line(f"    {name}: {now}" if was is None or was == now else f"    {name}: {was} → {now}")


show_audit = show_each(_show_entry, "No matching entries in the audit log.")


def show_user(data: AccountAnswer) -> None:
    """Print an account, with its new password or link and its history if included."""
    if "role" in data:
        print_title(data["login"], f" · {data['name']} · {data['role']}{_scope_words(data)}")
        if data["disabled"]:
            print_line("  The account is disabled.")
    for change in data.get("changes", []):
        print_line(f"  {change['at']}  {change['what']}" + (f", by {change['by']}" if change["by"] else ""))
    if "link" in data:
        print_line(f"Link for {data['login']} to choose a password, shown only once: {data['link']}")
    if "password" in data:
        print_line(f"Password of {data['login']}, shown only once: {data['password']}")


def show_ended(*, login: str, ended: int) -> None:
    print_line(f"{login} is signed out of {count_words(ended, 'session', 'sessions')}.")


def _scope_words(data: AccountRow) -> str:
    if data["role"] == "admin":
        return " · sees everything"
    places = ", ".join(data["regions"]) or "all regions"
    stores = f", stores {', '.join(data['stores'])}" if data["stores"] else ""
    own = f", own sales as {data['salesperson']}" if data["salesperson"] else ""
    return f" · {places}{stores}{own}"


def show_token(
    *,
    regions: list[str],
    id: str,
    login: str,
    name: str,
    state: str,
    files_only: bool,
    rights: list[str],
    expires_at: str,
    last_used: str,
    token: str = "",
) -> None:
    where = ", ".join(regions) or "all regions of the user"
    print_title(id, f" · {login} · {name} · {state}")
    what = " of live files" if files_only else ""
    print_line(f"  may {', '.join(rights)}{what} in {where} until {expires_at}")
    print_line(f"  last used: {last_used or 'never'}")
    if token:
        print_line(f"Token, shown only once: {token}")


show_tokens = show_each(show_token, "There are no tokens.")


@users.command("list", show_list, reads=True)
def list_users(app: "App") -> Result:
    """List all accounts."""
    from tillstream.people import accounts

    return Result([_user_row(user) | {"state": user.state} for user in accounts.all_users(app.ports)])


@users.command("add", show_user)
def add_user(
    app: "App",
    login: str,
    *,
    name: UserName = "",
    role: UserRole,
    regions: UserRegions = (),
    stores: UserStores = (),
    salesperson: Salesperson = None,
) -> Result:
    """Create an account; its generated password is shown only once."""
    from tillstream.people import accounts

    password = _create_account(accounts.add_account, app, login, name, role, regions, stores, salesperson)
    return Result(_user_row(accounts.get_user(app.ports, login)) | {"password": password})


@users.command("invite", show_user)
def invite_user(
    app: "App",
    login: str,
    *,
    name: UserName = "",
    role: UserRole,
    regions: UserRegions = (),
    stores: UserStores = (),
    salesperson: Salesperson = None,
) -> Result:
    """Create an account and a link with which the user chooses a password; the link works once, for seven days."""
    from tillstream.people import accounts, invitation_links

    text = _create_account(invitation_links.invite_with_link, app, login, name, role, regions, stores, salesperson)
    return Result(_user_row(accounts.get_user(app.ports, login)) | {"link": _link(app, text)})


def _create_account(
    create: Callable[..., str],
    app: "App",
    login: str,
    name: str,
    role: str,
    regions: Sequence[str],
    stores: Sequence[str],
    salesperson: str | None,
) -> str:
    """Create an account; returns its secret: the first password or the text of the invitation."""
    return create(
        app.ports,
        login,
        name,
        _role(role),
        regions=regions,
        stores=stores,
        salesperson=salesperson,
        check_regions=app.contracts.check_regions,
        by=COMMAND_LINE,
    )


def _link(app: "App", text: str) -> str:
    return f"{app.settings.address}/join/{text}"


def _has_changes(values: Mapping[str, object]) -> str:
    if any(value is not None for name, value in values.items() if name != "login"):
        return ""
    return "Nothing to change. Use --name, --role, --region, --store or --salesperson."


@users.command("set", show_user, check=_has_changes)
def change_user(
    app: "App",
    login: str,
    *,
    name: Annotated[str | None, Option("The user's new name.")] = None,
    role: Annotated[str | None, Option("The user's new role.", choices=ROLES)] = None,
    regions: Annotated[
        Sequence[str] | None,
        Option("A region the user can see, replacing the previous ones; can be repeated.", names=("--region",)),
    ] = None,
    stores: Annotated[
        Sequence[str] | None,
        Option(
            "Limit the user to a store, replacing the previous ones; can be repeated. '' for all stores of the "
            "regions.",
            names=("--store",),
        ),
    ] = None,
    salesperson: Salesperson = None,
) -> Result:
    """Change an account; the change takes effect with the user's next request."""
    from tillstream.people import accounts

    user = accounts.assign_account(
        app.ports,
        login,
        name=name,
        role=_role(role) if role else None,
        regions=regions,
        stores=stores,
        salesperson=salesperson,
        check_regions=app.contracts.check_regions,
        by=COMMAND_LINE,
    )
    return Result(_user_row(user))


@users.command("show", show_user)
def read_user(app: "App", login: str) -> Result:
    """Show one account and its history."""
    from tillstream.people import accounts

    user = accounts.get_user(app.ports, login)
    return Result(_user_row(user) | {"changes": accounts.account_history(app.ports, login)})


@users.command("link", show_user)
def reissue_link(app: "App", login: str) -> Result:
    """Create a link to choose a password, for an unused invitation or a forgotten password; the old password stops working."""  # noqa: E501 - one sentence of the help
    from tillstream.people import accounts, invitation_links

    text = invitation_links.reissue_link(app.ports, login, by=COMMAND_LINE)
    return Result({"login": accounts.get_user(app.ports, login).login, "link": _link(app, text)})


@users.command("second-step-off", show_user)
def turn_off_second_step(app: "App", login: str) -> Result:
    """Turn off two-factor sign-in for an account, for example if the phone is lost."""
    from tillstream.people import two_factor

    return Result(_user_row(two_factor.disable_second_factor(app.ports, login, by=COMMAND_LINE)))


@users.command("disable", show_user)
def disable_user(app: "App", login: str) -> Result:
    """Disable an account and end its sessions."""
    from tillstream.people import accounts

    return Result(_user_row(accounts.disable_account(app.ports, login, by=COMMAND_LINE)))


@users.command("enable", show_user)
def enable_user(app: "App", login: str) -> Result:
    """Enable a disabled account."""
    from tillstream.people import accounts

    return Result(_user_row(accounts.enable_account(app.ports, login, by=COMMAND_LINE)))


@users.command("reset", show_user)
def reset_password(app: "App", login: str) -> Result:
    """Generate a new password for an account; it is shown only once."""
    from tillstream.people import accounts

    password = accounts.reset_password(app.ports, login, by=COMMAND_LINE)
    return Result({"login": accounts.get_user(app.ports, login).login, "password": password})


@users.command("require-second-step", show_list)
def require_second_step(
    app: "App",
    *,
    roles: Annotated[
        Sequence[str],
        Option(
            "A role that must use two-factor sign-in; can be repeated. Without it: no role.",
            names=("--role",),
            choices=ROLES,
            api_requires=True,
        ),
    ] = (),
) -> Result:
    """Set the roles that must use two-factor sign-in, replacing the previous ones."""
    from tillstream.people import account_store

    account_store.require_second_factor(app.ports, [_role(role) for role in roles], COMMAND_LINE)
    return Result([{"role": role} for role in account_store.second_factor_roles(app.ports)])


@users.command("sessions", show_list)
def list_sessions(app: "App", login: str) -> Result:
    """List the open sessions of a user."""
    from tillstream.people import accounts, sessions

    current = sessions.open_sessions(app.ports, accounts.get_user(app.ports, login), _session_lifetime(app))
    shown = ("id", "device", "address", "created_at", "seen_at", "remembered")
    return Result([{name: getattr(one, name) for name in shown} for one in current])


@users.command("end-sessions", show_ended)
def end_sessions(
    app: "App",
    login: str,
    *,
    id: Annotated[str, Option("End only the session with this ID, from `users sessions`.")] = "",
) -> Result:
    """Sign a user out of all sessions or of one."""
    from tillstream.people import accounts, sessions

    user = accounts.get_user(app.ports, login)
    if id:
        sessions.end_session(app.ports, user.login, id, COMMAND_LINE)
        return Result({"login": user.login, "ended": 1})
    return Result(
        {"login": user.login, "ended": sessions.end_sessions(app.ports, user, _session_lifetime(app), COMMAND_LINE)}
    )


@tokens.command("list", show_tokens, reads=True)
def list_tokens(app: "App", login: str = "") -> Result:
    """List all tokens, or those of one user, newest first."""
    from tillstream.people import personal_tokens

    return Result([_token_row(app, token) for token in personal_tokens.find_personal_tokens(app.ports, login or None)])


@tokens.command("make", show_token)
def make_token(
    app: "App",
    login: str,
    *,
    name: Annotated[str, Option("What the token is for.")],
    rights: Annotated[
        Sequence[str],
        Option(
            "A right of the token, limited to the user's own rights; can be repeated.",
            names=("--right",),
            choices=RIGHTS,
            api_requires=True,
        ),
    ] = ("numbers",),
    regions: Annotated[
        Sequence[str],
        Option("Limit the token to a region; can be repeated. Default: all regions of the user.", names=("--region",)),
    ] = (),
    days: Annotated[int, Option("Days until the token expires.", least=1, most=365)] = 90,
    files_only: Annotated[
        bool, Option("Only for live files of spreadsheets and BI tools; can be part of an address.")
    ] = False,
) -> Result:
    """Create a token for a user; its text is shown only once."""
    from tillstream.people import personal_tokens

    token, text = personal_tokens.issue_personal_token(
        app.ports,
        login,
        name,
        rights,
        regions=regions,
        days=days,
        check_regions=app.contracts.check_regions,
        files_only=files_only,
        by=COMMAND_LINE,
    )
    return Result(_token_row(app, token) | {"token": text})


@tokens.command("revoke", show_token)
def revoke_token(app: "App", token: str) -> Result:
    """Revoke the token with this ID."""
    from tillstream.people import personal_tokens

    return Result(_token_row(app, personal_tokens.revoke_personal_token(app.ports, token, by=COMMAND_LINE)))


@root.command("audit", show_audit, reads=True)
def read_audit_log(
    app: "App",
    text: str = "",
    *,
    who: Annotated[str, Option("Show only entries of this user or system.")] = "",
    what: Annotated[
        str, Option("Show only this action or group of actions, for example `user.disabled` or `user`.")
    ] = "",
    subject: Annotated[str, Option("Show only entries about the object with this ID.")] = "",
    since: Annotated[str, Option("Show only entries from this day (UTC).", metavar="DAY")] = "",
    until: Annotated[str, Option("Show only entries through this day (UTC).", metavar="DAY")] = "",
    limit: Annotated[int, Option("Maximum number of entries.", least=1)] = 50,
) -> Result:
    """Show the audit log, newest entries first; with TEXT, only entries that contain it."""
    from tillstream.records import audit_log

    audit_filter = audit_log.AuditFilter(
        since=_day(since),
        until=_day(until),
        who=who,
        what=what,
        subject=subject,
        text=text,
    )
    entries = islice(audit_log.find_entries(app.ports, audit_filter), limit)
    return Result([entry.to_json() for entry in entries])


def _user_row(user: "User") -> AccountRow:
    return cast("AccountRow", {name: getattr(user, name) for name in AccountRow.__annotations__})


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise Rejected(f"{text} is not a role; roles are {', '.join(Role)}.") from error


def _session_lifetime(app: "App") -> "SessionLifetime":
    from tillstream.people.sessions import SessionLifetime

    return SessionLifetime(timedelta(hours=app.settings.session_idle_hours), timedelta(days=app.settings.session_days))


def _token_row(app: "App", token: "PersonalToken") -> dict[str, object]:
    shown = asdict(token) | {"state": token.state(app.ports.clock.now())}
    del shown["account"]
    return shown


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Rejected(f"{text} is not a day. Use the format 2026-07-01.") from error
