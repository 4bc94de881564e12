"""docs/cli.md, from the commands themselves."""

import inspect
from collections.abc import Iterator

import click

from docs.generate.markdown import page as markdown
from docs.generate.markdown import table
from tillstream.cli.main import main

INTRO = """
While a server runs, commands are executed by the server; otherwise they wait for the lock of the data folder
([local mode](local-mode.md)). `TILLSTREAM_HOME` sets the folder; see [settings](settings.md) for the other settings.
Every command has `--help` and prints text. With `--json`, which all except `serve`, `subscribe`, `deploy apply` and
`deploy destroy` have, it prints exactly one JSON value on standard output, with decimals as text and counts
as numbers. Text has amounts of money rounded to their currency; JSON has all digits. Progress and errors go to standard
error; progress is shown only on a terminal, also while a server runs.
If the server stops during a command, the command lists the files that the server received: they are kept under their
batch IDs and need not be sent again. Ctrl-C ends a command at any moment with the same list; a command that a server
executes is completed by the server.
"""
CODES = (
    ("0", "success"),
    ("1", "rejected or failed"),
    ("2", "usage error"),
    ("3", "accepted with rows to fix"),
    ("4", "held, open questions, or only a preview"),
    ("130", "interrupted by Ctrl-C"),
)
CODES_OF_SEVERAL = """
For several files, `ingest` exits with the first of 1, 4, 3, 0 that occurs. Without `--yes` and without a terminal,
`undo` prints the preview and exits with 4.
"""


def page() -> str:
    parts = [_describe(path, command) for path, command in leaves(main, "tillstream")]
    return markdown(
        "The command line", INTRO, "## Exit codes", table(("code", "meaning"), CODES), CODES_OF_SEVERAL, *parts
    )


def leaves(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with the words that call it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    if command.invoke_without_command:
        yield path, command
    for name, child in sorted(command.commands.items()):
        yield from leaves(child, f"{path} {name}")


def _describe(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path, help_option_names=["-h", "--help"], terminal_width=200)
    # also of a group: its commands have sections of their own
    usage = " ".join([path, *click.Command.collect_usage_pieces(command, context)])
    records = [param.get_help_record(context) for param in command.params if isinstance(param, click.Option)]
    rows = [(f"`{record[0]}`", record[1]) for record in records if record]
    words = inspect.cleandoc(command.help or "")  # without the indentation that Python 3.13 omits
    return "\n\n".join((f"## {path}", f"`{usage}`", words, table(("option", "meaning"), rows)))
