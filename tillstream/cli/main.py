"""Entry point of the command line: each command prints one result as text or JSON, with documented exit codes."""

from collections.abc import MutableMapping
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from tillstream.commands.registry import SECTIONS, WORDS, declared_groups
from tillstream.server.process import begin, exit_on_interrupt, until_done

NAME_WIDTH = max(map(len, WORDS))


class _Root(click.Group):
    """Commands by their first word; their modules are imported when they are used, and not for the list of all."""

    @property
    def commands(self) -> MutableMapping[str, click.Command]:
        return {name: self._load(name) for name in WORDS}

    @commands.setter
    def commands(self, _: Any) -> None:
        """Click sets none."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - what Click calls
        return list(WORDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - what Click calls
        return self._load(cmd_name) if cmd_name in WORDS else None

    def _load(self, name: str) -> click.Command:
        module, _, variable = WORDS[name].module.partition(":")
        if variable:
            command: click.Command = getattr(import_module(module), variable)
            return command
        from tillstream.cli.declared import create_command, create_group  # lazy: the list of all needs none of it

        groups = declared_groups(module)
        group = next((group for group in groups if group.name == name), None)
        return create_group(group) if group else create_command(next(g for g in groups if not g.name).commands[name])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for section in SECTIONS:
            with formatter.section(section.title):
                formatter.write_dl([(word.name.ljust(NAME_WIDTH), word.summary) for word in section.words])
                formatter.write_text(f"$ {section.example}")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        words = [word for word in WORDS.values() if word.name.startswith(incomplete)]
        items = [CompletionItem(word.name, help=word.summary) for word in words]
        return items + click.Command.shell_complete(self, ctx, incomplete)


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tillstream")
def main() -> None:
    """Collect sales from all regions and stores, and verify that none is lost or counted twice.

    Exit codes: 0 success · 1 rejected or failed · 2 usage error · 3 accepted with rows to fix · 4 held, or open
    questions · 130 interrupted by Ctrl-C.
    """
    begin()


def script() -> None:
    """Entry point of commands that earlier versions installed; newer ones call `tillstream.cli.start`."""
    exit_on_interrupt()
    until_done(main)
