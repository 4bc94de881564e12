"""Command `serve`."""

import sys
from functools import partial

import click

from tillstream.cli.runner import fail, read_settings
from tillstream.model.errors import TillstreamError
from tillstream.server.process import INTERRUPTED


@click.command()
@click.option("--host", help="The address to listen on; default: TILLSTREAM_HOST or 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port; default: TILLSTREAM_PORT or 8080.")
@click.option(
    "--open/--no-open",
    "open_",
    default=None,
    help="Open the browser or not; default: only from a terminal with a screen.",
)
def serve(host: str | None, port: int | None, open_: bool | None) -> None:
    """Run the portal and the worker; the first start loads the sample regions."""
    from tillstream.logs import configure, note
    from tillstream.server.serve import serve as start

    overrides = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = read_settings().model_copy(update=overrides)
    configure(settings)
    on_terminal = sys.stdout.isatty()
    try:
        start(
            settings,
            click.echo if on_terminal else partial(note, "server"),
            open_browser=on_terminal and settings.has_screen if open_ is None else open_,
            on_terminal=on_terminal,
        )
    except TillstreamError as error:
        fail(str(error), json_=False)
    except KeyboardInterrupt:
        click.echo("Interrupted before the server was ready.", err=True)
        sys.exit(INTERRUPTED)
