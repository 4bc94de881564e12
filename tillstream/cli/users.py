"""Commands `users …`."""

from collections.abc import Callable
from typing import Any

import click

from tillstream.cli.runner import as_json, run
from tillstream.domain.people import Role

ROLES = click.Choice([role.value for role in Role])


@click.group()
def users() -> None:
    """Who may sign in, and what they may see."""


@users.command("list")
@as_json
def list_users(json_: bool) -> None:
    """Everybody with an account."""
    from tillstream.cli.output.tables import show_list

    run("users", json_=json_, show=show_list)


Command = Callable[..., None]


def _with_scope(command: Command) -> Command:
    """Add the options of a new account."""
    for option in (
        click.option("--salesperson", help="A salesperson's id, as the tills write it."),
        click.option("--store", "stores", multiple=True, help="A store they are bound to; repeat it."),
        click.option("--region", "regions", multiple=True, help="A region they see; repeat it."),
        click.option("--role", type=ROLES, required=True, help="What they may do."),
        click.option("--name", default="", help="The person's name; else the sign-in name."),
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
    """A new account; its generated password is shown once."""
    _create("users-add", json_, options)


@users.command()
@_with_scope
@as_json
def invite(json_: bool, **options: Any) -> None:
    """A new account, and a link by which the person chooses a password; it opens once, within seven days."""
    _create("users-invite", json_, options)


@users.command("set")
@click.argument("login")
@click.option("--name", help="The person's name.")
@click.option("--role", type=ROLES, help="What they may do from now on.")
@click.option("--region", "regions", multiple=True, help="A region they see, in place of those before; repeat it.")
@click.option(
    "--store",
    "stores",
    multiple=True,
    help="A store they are bound to, in place of those before; repeat it. '' for all stores of the regions.",
)
@click.option("--salesperson", help="A salesperson's id, as the tills write it.")
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
    """Change what an account may do and see; it counts from the person's next request on."""
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
        raise click.UsageError("Say what to change: --name, --role, --region, --store or --salesperson.")
    run("users-set", json_=json_, show=show_user, login=login, **changes)


@users.command("show")
@click.argument("login")
@as_json
def show_one(login: str, json_: bool) -> None:
    """One account, and who changed what about it."""
    from tillstream.cli.output.maintenance import show_user

    run("users-show", json_=json_, show=show_user, login=login)


def _for_one_user(command: str, help_text: str) -> None:
    @users.command(command, help=help_text)
    @click.argument("login")
    @as_json
    def for_one(login: str, json_: bool) -> None:
        from tillstream.cli.output.maintenance import show_user

        run(f"users-{command}", json_=json_, show=show_user, login=login)


_for_one_user("link", "A link to choose a password by, for who was invited or forgot; the old password ends at once.")
_for_one_user("second-step-off", "Sign in without a code again: the telephone is lost.")
_for_one_user("disable", "Close an account; its sessions end.")
_for_one_user("enable", "Open a closed account again.")
_for_one_user("reset", "Give an account a new generated password, shown once.")


@users.command("require-second-step")
@click.option("--role", "roles", type=ROLES, multiple=True, help="A role that must; repeat it. None: nobody.")
@as_json
def require_second_step(roles: tuple[str, ...], json_: bool) -> None:
    """Which roles must sign in with a code, too; these and no others."""
    from tillstream.cli.output.tables import show_list

    run("users-require-second-step", json_=json_, show=show_list, roles=list(roles))


@users.command()
@click.argument("login")
@as_json
def sessions(login: str, json_: bool) -> None:
    """Where somebody is signed in."""
    from tillstream.cli.output.tables import show_list

    run("users-sessions", json_=json_, show=show_list, login=login)


@users.command("end-sessions")
@click.argument("login")
@click.option("--id", default="", help="Only this one, as `users sessions` names it.")
@as_json
def end_sessions(login: str, id: str, json_: bool) -> None:
    """Sign somebody out, everywhere or in one place."""
    from tillstream.cli.output.maintenance import show_ended

    run("users-end-sessions", json_=json_, show=show_ended, login=login, id=id)
