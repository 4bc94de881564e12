"""Commands `users …` and `tokens …`."""

from collections.abc import Callable
from typing import Any

import click

from tillstream.cli.runner import as_json, run
from tillstream.model.people import Role

ROLES = click.Choice([role.value for role in Role])


@click.group()
def users() -> None:
    """Manage accounts: who can sign in, and what they can see."""


@users.command("list")
@as_json
def list_users(json_: bool) -> None:
    """List all accounts."""
    from tillstream.commands.printing import show_list

    run("users", json_=json_, show=show_list)


Command = Callable[..., None]


def _with_scope(command: Command) -> Command:
    """Add the options of a new account."""
    for option in (
        click.option("--salesperson", help="The salesperson's ID, as the tills record it."),
        click.option("--store", "stores", multiple=True, help="Limit the user to a store; can be repeated."),
        click.option("--region", "regions", multiple=True, help="A region the user can see; can be repeated."),
        click.option("--role", type=ROLES, required=True, help="The user's role."),
        click.option("--name", default="", help="The user's name; default: the sign-in name."),
        click.argument("login"),
    ):
        command = option(command)
    return command


def _create_account(command: str, json_: bool, arguments: dict[str, Any]) -> None:
    from tillstream.cli.output.maintenance import show_user

    arguments |= {name: list(arguments[name]) for name in ("regions", "stores")}
    run(command, json_=json_, show=show_user, **arguments)


@users.command("add")
@_with_scope
@as_json
def add_user(json_: bool, **options: Any) -> None:
    """Create an account; its generated password is shown only once."""
    _create_account("users-add", json_, options)


@users.command("invite")
@_with_scope
@as_json
def invite_user(json_: bool, **options: Any) -> None:
    """Create an account and a link with which the user chooses a password; the link works once, for seven days."""
    _create_account("users-invite", json_, options)


@users.command("set")
@click.argument("login")
@click.option("--name", help="The user's new name.")
@click.option("--role", type=ROLES, help="The user's new role.")
@click.option(
    "--region",
    "regions",
    multiple=True,
    help="A region the user can see, replacing the previous ones; can be repeated.",
)
@click.option(
    "--store",
    "stores",
    multiple=True,
    help="Limit the user to a store, replacing the previous ones; can be repeated. '' for all stores of the regions.",
)
@click.option("--salesperson", help="The salesperson's ID, as the tills record it.")
@as_json
def set_user(
    login: str,
    name: str | None,
    role: str | None,
    regions: tuple[str, ...],
    stores: tuple[str, ...],
    salesperson: str | None,
    json_: bool,
) -> None:
    """Change an account; the change takes effect with the user's next request."""
    from tillstream.cli.output.maintenance import show_user

    options = {
        "name": name,
        "role": role,
        "regions": list(regions) or None,
        "stores": list(stores) or None,
        "salesperson": salesperson,
    }
    changes: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    if not changes:
        raise click.UsageError("Nothing to change. Use --name, --role, --region, --store or --salesperson.")
    run("users-set", json_=json_, show=show_user, login=login, **changes)


@users.command("show")
@click.argument("login")
@as_json
def show_account(login: str, json_: bool) -> None:
    """Show one account and its history."""
    from tillstream.cli.output.maintenance import show_user

    run("users-show", json_=json_, show=show_user, login=login)


def _for_one_user(command: str, help_text: str) -> None:
    @users.command(command, help=help_text)
    @click.argument("login")
    @as_json
    def for_one(login: str, json_: bool) -> None:
        from tillstream.cli.output.maintenance import show_user

        run(f"users-{command}", json_=json_, show=show_user, login=login)


_for_one_user(
    "link",
    "Create a link to choose a password, for an unused invitation or a forgotten password; the old password stops "
    "working.",
)
_for_one_user("second-step-off", "Turn off two-factor sign-in for an account, for example if the phone is lost.")
_for_one_user("disable", "Disable an account and end its sessions.")
_for_one_user("enable", "Enable a disabled account.")
_for_one_user("reset", "Generate a new password for an account; it is shown only once.")


@users.command("require-second-step")
@click.option(
    "--role",
    "roles",
    type=ROLES,
    multiple=True,
    help="A role that must use two-factor sign-in; can be repeated. Without it: no role.",
)
@as_json
def require_second_step(roles: tuple[str, ...], json_: bool) -> None:
    """Set the roles that must use two-factor sign-in, replacing the previous ones."""
    from tillstream.commands.printing import show_list

    run("users-require-second-step", json_=json_, show=show_list, roles=list(roles))


@users.command("sessions")
@click.argument("login")
@as_json
def list_sessions(login: str, json_: bool) -> None:
    """List the open sessions of a user."""
    from tillstream.commands.printing import show_list

    run("users-sessions", json_=json_, show=show_list, login=login)


@users.command("end-sessions")
@click.argument("login")
@click.option("--id", default="", help="End only the session with this ID, from `users sessions`.")
@as_json
def end_sessions(login: str, id: str, json_: bool) -> None:
    """Sign a user out of all sessions or of one."""
    from tillstream.cli.output.maintenance import show_ended

    run("users-end-sessions", json_=json_, show=show_ended, login=login, id=id)


RIGHTS = ("numbers", "personal", "uploads", "upload", "decide", "pipeline", "quality", "stock")


@click.group()
def tokens() -> None:
    """Manage personal tokens, with which programs sign in to the API."""


@tokens.command("list")
@click.argument("login", default="")
@as_json
def list_tokens(login: str, json_: bool) -> None:
    """List all tokens, or those of one user, newest first."""
    from tillstream.cli.output.maintenance import show_tokens

    run("tokens", json_=json_, show=show_tokens, login=login)


@tokens.command("make")
@click.argument("login")
@click.option("--name", required=True, help="What the token is for.")
@click.option(
    "--right",
    "rights",
    multiple=True,
    type=click.Choice(RIGHTS),
    default=("numbers",),
    show_default=True,
    help="A right of the token, limited to the user's own rights; can be repeated.",
)
@click.option(
    "--region",
    "regions",
    multiple=True,
    help="Limit the token to a region; can be repeated. Default: all regions of the user.",
)
@click.option(
    "--days", type=click.IntRange(1, 365), default=90, show_default=True, help="Days until the token expires."
)
@click.option(
    "--files-only", is_flag=True, help="Only for live files of spreadsheets and BI tools; can be part of an address."
)
@as_json
def make_token(
    login: str, name: str, rights: tuple[str, ...], regions: tuple[str, ...], days: int, files_only: bool, json_: bool
) -> None:
    """Create a token for a user; its text is shown only once."""
    from tillstream.cli.output.maintenance import show_token

    run(
        "tokens-make",
        json_=json_,
        show=show_token,
        login=login,
        name=name,
        rights=list(rights),
        regions=list(regions),
        days=days,
        files_only=files_only,
    )


@tokens.command("revoke")
@click.argument("token")
@as_json
def revoke_token(token: str, json_: bool) -> None:
    """Revoke the token with this ID."""
    from tillstream.cli.output.maintenance import show_token

    run("tokens-revoke", json_=json_, show=show_token, token=token)
