"""Commands of the terminal, created from their declarations."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from tillstream.cli.runner import CommandTerminal
from tillstream.commands.declaration import ANY_SCHEME, Command, Group, Parameter, PathKind, do_nothing

FORM = "format"
"""Name of the option for one of several forms of the output."""


def create_group(group: Group) -> click.Group:
    """The group with all its commands."""
    declared = group.commands
    inner: list[click.Command] = [create_command(one) for name, one in declared.items() if name]
    inner += [create_group(one) for one in group.groups.values()]
    commands = {str(one.name): one for one in inner}
    if "" not in declared:
        return _GroupWithDefault(group.name, commands, help=group.help, default=group.default)
    run = _callback(declared[""])

    def run_without_word(**values: Any) -> None:
        context = click.get_current_context()
        if not context.invoked_subcommand:
            run(**values)
        elif group.refuses_options and any(values.values()):
            *options, last = [one.opts[0] for one in context.command.params]
            words = f"{', '.join(options)} and {last} are not for the commands below {group.name}."
            raise click.UsageError(f"{words} Enter them after it.")

    params, help_text = _parameters(declared[""]), declared[""].help
    return click.Group(
        group.name, commands, invoke_without_command=True, help=help_text, callback=run_without_word, params=params
    )


class _GroupWithDefault(click.Group):
    """Arguments that begin with no command are those of the default, if there is one."""

    def __init__(self, *args: Any, default: str, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if self._default and args and args[0] not in {*self.commands, "--help"}:
            args = [self._default, *args]
        return super().parse_args(ctx, args)


def create_command(command: Command) -> click.Command:
    return click.Command(command.name, help=command.help, callback=_callback(command), params=_parameters(command))


def _callback(command: Command) -> Callable[..., None]:
    def run(*, json_: bool, **entered: Any) -> None:
        form = entered.pop(FORM) if isinstance(command.show, Mapping) else ""
        values = {one.name: _value(one, entered[one.entered_as]) for one in command.parameters}
        if command.check and (message := command.check(values)):
            raise click.UsageError(message)
        terminal = CommandTerminal(is_json=json_ or form == "json")
        if command.is_local:
            command.function(terminal, **{one.python_name: values[one.name] for one in command.parameters})
            return
        show = command.show.get(form, do_nothing) if isinstance(command.show, Mapping) else command.show
        total = sum(Path(file).stat().st_size for file in values[command.sized]) if command.sized else None
        terminal.run_with_progress(command.api_name, show, total, values)

    return run


def _value(one: Parameter, entered: Any) -> Any:
    """The value of an argument of the function."""
    if one.is_mapping:
        if invalid := next((text for text in entered if "=" not in text), None):
            raise click.BadParameter(f"{invalid!r}: write KEY=VALUE", param_hint=_names(one)[0])
        return {key.strip(): text for key, _, text in (pair.partition("=") for pair in entered)}
    if one.is_multiple:
        return list(entered) or (None if one.is_optional else [])
    return one.default if entered is None else entered


def _parameters(command: Command) -> list[click.Parameter]:
    params: list[click.Parameter] = [_argument(one) if one.is_argument else _option(one) for one in command.parameters]
    if isinstance(command.show, Mapping):
        forms, words = [*command.show, "json"], "The form of the output; json is the same as --json."
        params.append(
            click.Option([f"--{FORM}"], type=click.Choice(forms), default=forms[0], show_default=True, help=words)
        )
    params.append(click.Option(["--json", "json_"], is_flag=True, help="Print one JSON value instead of text."))
    return params


def _argument(one: Parameter) -> click.Argument:
    count = -1 if one.is_multiple else 1
    return click.Argument(
        [one.entered_as],
        type=_type(one),
        required=one.is_required,
        nargs=count,
        metavar=one.option.metavar,
    )


def _option(one: Parameter) -> click.Option:
    declarations, text = [*_names(one), one.name], one.option.help
    if one.kind is bool:
        return click.Option(declarations, is_flag=True, help=text)
    return click.Option(
        declarations,
        type=_type(one),
        help=text,
        required=one.is_required and not one.is_mapping,
        show_default=bool(one.default) and not one.option.hides_default,
        multiple=one.is_multiple or one.is_mapping,
        metavar=one.option.metavar or ("KEY=VALUE" if one.is_mapping else None),
        **({"default": one.default} if one.default else {}),
    )


def _names(one: Parameter) -> tuple[str, ...]:
    return one.option.names or (f"--{one.name.replace('_', '-')}",)


def _type(one: Parameter) -> Any:
    option = one.option
    if one.path:
        return _PathType(one.path)
    if option.choices:
        return click.Choice(option.choices)
    if option.least is None and option.most is None:
        return str if one.is_mapping else one.kind
    if one.kind is int:
        least, most = (None if limit is None else int(limit) for limit in (option.least, option.most))
        return click.IntRange(least, most)
    return click.FloatRange(option.least, option.most, min_open=option.is_open, max_open=option.most is not None)


class _PathType(click.Path):
    """A path as the command gets it: absolute, or an address as it was entered."""

    def __init__(self, kind: PathKind) -> None:
        super().__init__(
            kind.exists,
            file_okay=not kind.is_folder,
            dir_okay=kind.is_folder,
            resolve_path=kind.is_resolved,
            path_type=str,
        )
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if self._is_address(value) or not (value or self._kind.exists):
            return value
        return super().convert(value, param, ctx) if self._kind.is_checked else str(Path(value).absolute())

    def _is_address(self, value: str) -> bool:
        begins = self._kind.address
        return bool(begins) and (begins in value if begins == ANY_SCHEME else value.startswith(begins))
