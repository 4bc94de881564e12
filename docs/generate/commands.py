"""docs/cli.md, from the commands themselves."""

from collections.abc import Iterator

import click

from docs.generate.markdown import page as markdown
from docs.generate.markdown import table
from tillstream.cli.main import main

INTRO = """
While a server runs, commands go through it; without one they take the folder's lock and wait their turn
([local mode](local-mode.md)). `TILLSTREAM_HOME` says which folder; the other settings are in [settings](settings.md).
Every command has `--help` and answers in words for a person; with `--json` it prints one JSON value and nothing else on
standard output, decimals as text and counts as numbers. Progress and errors go to standard error; progress is shown
only on a terminal, beside a running server too. Where the server goes away in the middle, the command says which files
it had received: those are kept under their batch's id and need not be sent again.
"""
CODES = (
    ("0", "done and clean"),
    ("1", "rejected or failed"),
    ("2", "wrong usage"),
    ("3", "accepted with quarantined rows"),
    ("4", "held, or open questions"),
)
CODES_OF_SEVERAL = """
`ingest` of several files ends with the first that occurs of 1, 4, 3, 0. `undo` without `--yes` and without a terminal
prints the preview and ends with 4.
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
    for name, child in sorted(command.commands.items()):
        yield from leaves(child, f"{path} {name}")


def _describe(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path, help_option_names=["-h", "--help"], terminal_width=200)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    records = [param.get_help_record(context) for param in command.params if isinstance(param, click.Option)]
    rows = [(f"`{record[0]}`", record[1]) for record in records if record]
    return "\n\n".join((f"## {path}", f"`{usage}`", command.help or "", table(("option", "meaning"), rows)))
