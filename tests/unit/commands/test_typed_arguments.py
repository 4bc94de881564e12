"""Arguments of commands: every command has a dataclass, and values are checked against its types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass

import pytest

from tillstream.commands.arguments import NoArguments, parse
from tillstream.commands.declaration import Group
from tillstream.commands.registry import COMMANDS, LazyCommand
from tillstream.commands.result import Result, quiet
from tillstream.model.errors import Rejected


@dataclass(frozen=True, kw_only=True)
class Example:
    name: str
    count: int = 1
    scale: float = 1.0
    dry: bool = False
    files: Sequence[str] = ()
    params: Mapping[str, str] | None = None
    contract: Mapping[str, object] | None = None


example = Group("example")


@example.internal("example")
def declared(
    app: object,
    name: str,
    *,
    count: int = 1,
    scale: float = 1.0,
    dry: bool = False,
    files: Sequence[str] = (),
    params: Mapping[str, str] | None = None,
    contract: Mapping[str, object] | None = None,
) -> Result:
    return Result({name: files})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_typed_arguments(name: str) -> None:
    command = COMMANDS[name]
    if isinstance(command, LazyCommand):
        _, kind = command.load()
        assert is_dataclass(kind)
        assert kind.__doc__
        return
    for parameter in command.parameters:
        assert parameter.kind in (str, int, float, bool) or parameter.is_mapping, parameter


def test_values_of_the_right_types_are_taken() -> None:
    values = {
        "name": "a",
        "count": 2,
        "scale": 1,
        "dry": True,
        "files": ["x"],
        "params": {"k": "v"},
        "contract": {"k": [1]},
    }
    assert parse(Example, values) == Example(**values)
    assert parse(Example, {"name": "a", "files": ("x",), "params": None}) == Example(name="a", files=("x",))
    assert parse(NoArguments, {}) == NoArguments()


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        ({}, "The command needs the argument name."),
        ({"name": "a", "b": 1, "c": 2}, "The command has no argument b, c; it takes name, count, "),
        ({"name": None}, "The argument name must be text."),
        ({"name": "a", "count": True}, "The argument count must be a whole number."),
        ({"name": "a", "count": 1.5}, "The argument count must be a whole number."),
        ({"name": "a", "scale": "1"}, "The argument scale must be a number."),
        ({"name": "a", "scale": False}, "The argument scale must be a number."),
        ({"name": "a", "dry": 1}, "The argument dry must be true or false."),
        ({"name": "a", "files": "x"}, "The argument files must be a list of text."),
        ({"name": "a", "files": [1]}, "The argument files must be a list of text."),
        ({"name": "a", "params": {"k": 1}}, "The argument params must be an object whose values are text or null."),
        ({"name": "a", "contract": []}, "The argument contract must be an object or null."),
    ],
)
def test_other_values_are_rejected(values: dict[str, object], detail: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse(Example, values)
    assert str(caught.value).startswith(detail)
    with pytest.raises(Rejected) as caught:
        example.commands["example"](None, quiet, **values)
    assert str(caught.value).startswith(detail)
