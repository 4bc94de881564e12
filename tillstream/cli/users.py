"""Commands `users …`."""

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
    from tillstream.cli.output.tables import show_list

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


def _create(command: str, json_: bool, arguments: dict[str, Any]) -> None:
    from tillstream.cli.output.maintenance import show_user

    arguments |= {name: list(arguments[name]) for name in ("regions", "stores")}
    run(command, json_=json_, show=show_user, **arguments)


@users.command()
@_with_scope
@as_json
def add(json_: bool, **options: Any) -> None:
    """Create an account; its generated password is shown only once."""
    _create("users-add", json_, options)


@users.command()
@_with_scope
@as_json
def invite(json_: bool, **options: Any) -> None:
    """Create an account and a link with which the user chooses a password; the link works once, for seven days."""
    _create("users-invite", json_, options)


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
def show_one(login: str, json_: bool) -> None:
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
    from tillstream.cli.output.tables import show_list

    run("users-require-second-step", json_=json_, show=show_list, roles=list(roles))


@users.command()
@click.argument("login")
@as_json
def sessions(login: str, json_: bool) -> None:
    """List the open sessions of a user."""
    from tillstream.cli.output.tables import show_list

    run("users-sessions", json_=json_, show=show_list, login=login)


@users.command("end-sessions")
@click.argument("login")
@click.option("--id", default="", help="End only the session with this ID, from `users sessions`.")
@as_json
def end_sessions(login: str, id: str, json_: bool) -> None:
    """Sign a user out of all sessions or of one."""
    from tillstream.cli.output.maintenance import show_ended

    run("users-end-sessions", json_=json_, show=show_ended, login=login, id=id)
