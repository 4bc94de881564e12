"""The command line: accounts."""

from typing import Any

import click

from tillstream.domain.people import Role
from tillstream.invoke import as_json, run


@click.group()
def users() -> None:
    """Who may sign in, and what they may see."""


@users.command("list")
@as_json
def list_users(json_: bool) -> None:
    """Everybody with an account."""
    from tillstream.words import show_list

    run("users", json_=json_, show=show_list)


@users.command()
@click.argument("login")
@click.option("--name", default="", help="The person's name; else the sign-in name.")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What they may do.")
@click.option("--region", "regions", multiple=True, help="A region they see; repeat it.")
@click.option("--store", "stores", multiple=True, help="A store they are bound to; repeat it.")
@click.option("--salesperson", help="A salesperson's id, as the tills write it.")
@as_json
def add(
    login: str,
    name: str,
    role: str,
    regions: tuple[str, ...],
    stores: tuple[str, ...],
    salesperson: str | None,
    json_: bool,
) -> None:
    """A new account; its generated password is shown once."""
    from tillstream.words_upkeep import show_user

    run(
        "users-add",
        json_=json_,
        show=show_user,
        login=login,
        name=name,
        role=role,
        regions=list(regions),
        stores=list(stores),
        salesperson=salesperson,
    )


@users.command("set")
@click.argument("login")
@click.option("--name", help="The person's name.")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="What they may do from now on.")
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
    from tillstream.words_upkeep import show_user

    said = {
        "name": name,
        "role": role,
        "regions": list(regions) or None,
        "stores": list(stores) or None,
        "salesperson": salesperson,
    }
    given: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
    if not given:
        raise click.UsageError("Say what to change: --name, --role, --region, --store or --salesperson.")
    run("users-set", json_=json_, show=show_user, login=login, **given)


@users.command("show")
@click.argument("login")
@as_json
def show_one(login: str, json_: bool) -> None:
    """One account, and who changed what about it."""
    from tillstream.words_upkeep import show_user

    run("users-show", json_=json_, show=show_user, login=login)


def _for_one_user(command: str, words: str) -> None:
    @users.command(command, help=words)
    @click.argument("login")
    @as_json
    def for_one(login: str, json_: bool) -> None:
        from tillstream.words_upkeep import show_user

        run(f"users-{command}", json_=json_, show=show_user, login=login)


_for_one_user("disable", "Close an account; its sessions end.")
_for_one_user("enable", "Open a closed account again.")
_for_one_user("reset", "Give an account a new generated password, shown once.")
