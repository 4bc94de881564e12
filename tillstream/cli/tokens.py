"""Commands `tokens …`."""

import click

from tillstream.cli.runner import as_json, run

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
def make(
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


@tokens.command()
@click.argument("token")
@as_json
def revoke(token: str, json_: bool) -> None:
    """Revoke the token with this ID."""
    from tillstream.cli.output.maintenance import show_token

    run("tokens-revoke", json_=json_, show=show_token, token=token)
