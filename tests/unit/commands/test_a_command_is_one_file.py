"""A command that one file declares works on the terminal, in the command API, in the help and in the shell."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from docs.generate.commands import leaves
from tillstream.cli.main import main
from tillstream.commands.registry import COMMANDS, WORDS, Word
from tillstream.commands.result import quiet
from tillstream.model.errors import Rejected

DECLARED = '''
"""`tillstream parcels …`."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from tillstream.commands.declaration import Group, InputFile, Option
from tillstream.commands.printing import echo, show_list
from tillstream.commands.result import Result

parcels = Group("parcels", "Weigh parcels.")


@parcels.command("list", show_list, reads=True)
def list_parcels(app: object) -> Result:
    """List all parcels."""
    return Result([{"name": "a", "weight": 2}])


def is_light(values: Mapping[str, object]) -> str:
    return "" if values["weight"] < 50 else "It is too heavy."


@parcels.command("weigh", lambda data: echo(f"{data['name']}: {data['weight']} {data['unit']}"), check=is_light)
def weigh_parcel(
    app: object,
    name: str,
    files: Sequence[InputFile] = (),
    *,
    weight: Annotated[int, Option("Its weight.", least=1)],
    unit: Annotated[str, Option("The unit.", choices=("kg", "lb"))] = "kg",
    notes: Annotated[Sequence[str], Option("A note; repeat it.", names=("--note",))] = (),
    labels: Annotated[Mapping[str, str] | None, Option("A label; repeat it.", names=("--label",))] = None,
) -> Result:
    """Weigh a parcel."""
    return Result({"name": name, "weight": weight, "unit": unit, "notes": notes, "labels": labels, "files": files})
'''


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "parcel_commands"
    package.mkdir()
    (package / "parcels.py").write_text(DECLARED)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(WORDS, "parcels", Word("parcels", "parcel_commands.parcels", "Weigh parcels"))
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path / "home"))
    return package


def entered(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["parcels", *words])
    return result.exit_code, result.output


def test_it_runs_on_the_terminal(package: Path) -> None:
    assert entered("weigh", "b", "--weight", "3", "--unit", "lb") == (0, "b: 3 lb\n")
    file = package / "parcels.py"
    code, output = entered("weigh", "b", str(file), "--weight", "3", "--note", "x", "--label", "to=Oslo", "--json")
    assert code == 0
    assert json.loads(output) == {
        "name": "b", "weight": 3, "unit": "kg", "notes": ["x"], "labels": {"to": "Oslo"}, "files": [str(file)],
    }  # fmt: skip
    assert entered("list", "--json") == (0, '[{"name": "a", "weight": 2}]\n')


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["b"], "Missing option '--weight'"),
        (["b", "--weight", "0"], "0 is not in the range x>=1"),
        (["b", "--weight", "3", "--unit", "g"], "'g' is not one of 'kg', 'lb'"),
        (["b", "--weight", "3", "--label", "Oslo"], "Invalid value for --label: 'Oslo': write KEY=VALUE"),
        (["b", "no-such-file", "--weight", "3"], "File 'no-such-file' does not exist"),
        (["b", "--weight", "50"], "It is too heavy."),
    ],
)
def test_wrong_words_are_a_usage_error(words: list[str], reason: str) -> None:
    code, output = entered("weigh", *words)
    assert code == 2
    assert reason in output


def test_it_is_a_command_of_the_api_with_typed_arguments() -> None:
    assert set(COMMANDS) >= {"parcels", "parcels-weigh"}
    assert COMMANDS["parcels"].reads
    assert not COMMANDS["parcels-weigh"].reads
    weigh = COMMANDS["parcels-weigh"]
    assert weigh(None, quiet, name="b", weight=3).data["unit"] == "kg"
    for values, reason in (
        ({"name": "b"}, "needs the argument weight"),
        ({"name": "b", "weight": "3"}, "weight must be a whole number"),
        ({"name": "b", "weight": 3, "notes": "x"}, "notes must be a list of text"),
        (
            {"name": "b", "weight": 3, "colour": ""},
            "it takes name, files, weight, unit, notes, labels",
        ),
    ):
        with pytest.raises(Rejected, match=reason):
            weigh(None, quiet, **values)


def test_it_is_in_the_help_and_in_the_page_of_commands() -> None:
    code, output = entered("weigh", "--help")
    assert code == 0
    for text in ("Weigh a parcel.", "NAME [FILES]...", "--weight INTEGER RANGE", "[default: kg]", "--label KEY=VALUE"):
        assert text in output
    assert {"tillstream parcels list", "tillstream parcels weigh"} <= {path for path, _ in leaves(main, "tillstream")}


def test_only_one_file_declares_it(package: Path) -> None:
    assert [file.name for file in package.iterdir() if file.is_file()] == ["parcels.py"]
