"""`tillstream --help`: sections in the order of a day, whole sentences, and examples that are commands."""

import shlex
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from tillstream.cli.main import main
from tillstream.commands.registry import SECTIONS, WORDS


def test_each_summary_is_whole_at_80_columns() -> None:
    lines = CliRunner().invoke(main, ["--help"], terminal_width=80).stdout.splitlines()
    for word in WORDS.values():
        assert any(line.split(maxsplit=1) == [word.name, word.summary] for line in lines), word.name
    assert max(map(len, lines)) <= 80
    titles = [line.removesuffix(":") for line in lines if line.endswith(":") and not line.startswith((" ", "Options"))]
    assert titles == [section.title for section in SECTIONS]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_the_example_of_a_section_is_one_of_its_commands(section: object) -> None:
    program, *words = shlex.split(section.example)
    assert program == "tillstream"
    assert words[0] in {word.name for word in section.words}
    context = click.Context(main, info_name="tillstream")
    command: click.Command | None = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command = command.get_command(context, words.pop(0))
    assert command
    for file in ("june.csv",):  # the only name of a file that must exist
        words = [__file__ if word == file else word for word in words]
    command.make_context("tillstream", words)


def test_every_module_has_the_commands_of_its_words() -> None:
    for name, command in main.commands.items():
        assert command.name == name


def test_the_list_of_all_commands_imports_none_of_them() -> None:
    code = (
        "import sys; from tillstream.cli.main import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(result.stdout.splitlines()[-1].split())
    assert not modules & {word.module.partition(":")[0] for word in WORDS.values()}
    assert not modules & {"pydantic", "tillstream.settings", "tillstream.app", "pyarrow", "rich"}


def test_the_shell_completes_first_words_and_choices() -> None:
    assert _completed("tillstream sub") == {"subscriptions", "subscribe"}
    assert _completed("tillstream goals --measure ") == {"revenue", "units", "margin", "orders"}
    assert _completed("tillstream forecast run --engine s") == {"spark"}


def _completed(line: str) -> set[str]:
    words = line.split(" ")
    variables = {
        "_TILLSTREAM_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    output = CliRunner().invoke(main, env=variables, prog_name="tillstream").stdout
    return {one.partition(",")[2] for one in output.splitlines()}
