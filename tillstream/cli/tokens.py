"""Commands `tokens …`."""

import click

from tillstream.cli.runner import as_json, run

RIGHTS = ("numbers", "personal", "uploads", "upload", "decide", "pipeline")


@click.group()
def tokens() -> None:
    """What a person's programs show the API in the place of a sign-in."""


@tokens.command("list")
@click.argument("login", default="")
@as_json
def list_tokens(login: str, json_: bool) -> None:
    """Everybody's tokens, or one person's, newest first."""
    from tillstream.cli.output.maintenance import show_tokens

    run("tokens", json_=json_, show=show_tokens, login=login)


@tokens.command()
@click.argument("login")
@click.option("--name", required=True, help="What the token is for.")
@click.option(
    "--right",
    "rights",
    multiple=True,
    type=click.Choice(RIGHTS),
    default=("numbers",),
    show_default=True,
    help="What it may do, of what the person may; repeat it.",
)
@click.option(
    "--region", "regions", multiple=True, help="A region it is bound to; repeat it. Else all of the person's."
)
@click.option("--days", type=click.IntRange(1, 365), default=90, show_default=True, help="How long it lives.")
@as_json
def make(login: str, name: str, rights: tuple[str, ...], regions: tuple[str, ...], days: int, json_: bool) -> None:
    """A new token of a person; its text is shown once."""
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
    )


@tokens.command()
@click.argument("token")
@as_json
def revoke(token: str, json_: bool) -> None:
    """End a token, named by its id."""
    from tillstream.cli.output.maintenance import show_token

    run("tokens-revoke", json_=json_, show=show_token, token=token)
