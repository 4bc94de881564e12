"""Command `marts connection-file`."""

import json
from pathlib import Path

import click

from tillstream.cli.runner import as_json, fail


@click.command("connection-file")
@click.option("--host", required=True, help="The server of the copy, as the tool reaches it.")
@click.option("--database", required=True, help="The database of the copy.")
@click.option("--user", default="", help="A user who may read the copy. Default: the tool asks.")
@click.option("--port", type=click.IntRange(1, 65535), default=5432, show_default=True, help="The port of the server.")
@click.option("--schema", default="tillstream", show_default=True, help="The schema of the copy.")
@click.option("--no-tls", is_flag=True, help="The server has no TLS.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write: .pbids for Power BI, .tds for Tableau, .yml for dbt.",
)
@as_json
def connection_file(
    host: str, database: str, user: str, port: int, schema: str, no_tls: bool, out: Path, json_: bool
) -> None:
    """Write a file with which Power BI, Tableau or dbt opens a copy in PostgreSQL; it has no password."""
    from tillstream.marts.connection_files import CopyAddress, connection_file
    from tillstream.model.errors import Rejected

    copy = CopyAddress(host, database, user, port, schema, encrypted=not no_tls)
    try:
        content = connection_file(out.suffix.removeprefix("."), copy)
    except Rejected as error:
        fail(str(error), json_=json_)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(content, encoding="utf-8")
    click.echo(json.dumps({"file": str(out)}) if json_ else str(out))
