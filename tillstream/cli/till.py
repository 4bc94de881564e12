"""`tillstream till …`: the till agent, a package of its own without the libraries of the product."""

import sys
from typing import Any

import click

from tillstream_till import cli
from tillstream_till.command_table import COMMANDS, DESCRIPTION, Argument, Command, Option


@click.group(help=DESCRIPTION)
def till() -> None:
    pass


def _till_command(command: Command) -> click.Command:
    def run(**values: Any) -> None:
        sys.exit(cli.run(command.name, values))

    params: list[click.Parameter] = [_argument(each) for each in command.arguments]
    params += [_option(each) for each in command.all_options]
    return click.Command(command.name, callback=run, params=params, help=command.help)


def _argument(argument: Argument) -> click.Argument:
    return click.Argument([argument.name], required=argument.default is None, default=argument.default)


def _option(option: Option) -> click.Option:
    if not option.metavar:
        return click.Option([option.name], is_flag=True, help=option.help)
    return click.Option(
        [option.name],
        help=option.help,
        metavar=option.metavar,
        default=option.default,
        show_default=bool(option.default),
    )


for till_command in COMMANDS:
    till.add_command(_till_command(till_command))
