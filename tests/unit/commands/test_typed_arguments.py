"""Arguments of commands: their values are compared with the types of the function."""

from collections.abc import Mapping, Sequence

import pytest

from tillstream.commands.declaration import Group
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import Result, quiet
from tillstream.model.errors import Rejected

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
    values = {"name": name, "count": count, "scale": scale, "dry": dry, "files": files}
    return Result(values | {"params": params, "contract": contract})


def call(values: Mapping[str, object]) -> dict[str, object]:
    """The values that the function gets."""
    result = COMMAND(None, quiet, **values).data
    return {name: result[name] for name in values}


(COMMAND,) = example.of_api().values()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_typed_arguments(name: str) -> None:
    for parameter in COMMANDS[name].parameters:
        assert parameter.kind in (str, int, float, bool) or parameter.is_mapping, parameter


@pytest.mark.parametrize(
    ("name", "values", "missing"),
    [("users-require-second-step", {}, "roles"), ("tokens-make", {"login": "ana", "name": "till"}, "rights")],
)
def test_a_program_passes_what_widens_or_ends_rights(name: str, values: Mapping[str, object], missing: str) -> None:
    with pytest.raises(Rejected, match=f"needs the argument {missing}"):
        COMMANDS[name](None, quiet, **values)


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
    assert call(values) == values
    assert call({"name": "a", "files": ("x",), "params": None}) == {"name": "a", "files": ("x",), "params": None}


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
        call(values)
    assert str(caught.value).startswith(detail)
