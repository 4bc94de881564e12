"""The pages of connectors: each setting is described with its default, and the commands add a connector."""

import json
import re
import shlex
from pathlib import Path

import pytest
from app_factory import copy_template
from click.testing import CliRunner

from tillstream.cli.main import main
from tillstream.connectors import kind_table
from tillstream.connectors.source import ConnectorKind
from tillstream.settings import Settings

PAGES = Path(__file__).resolve().parents[2] / "docs" / "connectors"
REFERENCE = re.compile(r"(?:env|file|secret):[A-Za-z0-9._-]+")


def page(kind: ConnectorKind) -> str:
    return (PAGES / f"{kind.name}.md").read_text(encoding="utf-8")


def commands(kind: ConnectorKind) -> list[list[str]]:
    """The arguments of `tillstream connect add` on the page."""
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", page(kind), flags=re.DOTALL)).replace("\\\n", " ")
    added = [line for line in shell.splitlines() if line.startswith("tillstream connect add ")]
    return [shlex.split(line)[1:] for line in added]


@pytest.mark.parametrize("kind", kind_table.all_kinds(), ids=lambda kind: kind.name)
def test_each_setting_is_on_the_page_with_its_default(kind: ConnectorKind) -> None:
    rows = [line for line in page(kind).splitlines() if line.startswith("| `")]
    for setting in kind.settings:
        described = [row for row in rows if f"`{setting.name}`" in row.split("|")[1]]
        assert described, setting.name
        assert setting.default in described[0], setting.name


@pytest.mark.parametrize("kind", kind_table.all_kinds(), ids=lambda kind: kind.name)
def test_the_commands_of_the_page_add_connectors(
    kind: ConnectorKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TILLSTREAM_SAMPLES", "false")
    copy_template(Settings())
    (tmp_path / "home" / "contracts").mkdir(exist_ok=True)
    for name, contract in re.findall(r"```yaml\nname: (\w+)\n(.+?)```", page(kind), flags=re.DOTALL):
        (tmp_path / "home" / "contracts" / f"{name}.yaml").write_text(f"name: {name}\n{contract}", encoding="utf-8")
    assert commands(kind)
    for command in commands(kind):
        result = CliRunner().invoke(main, [*command, "--json"])
        assert result.exit_code == 0, result.output
        added = json.loads(result.stdout)
        assert (added["name"], added["kind"]) == (command[2], kind.name)


@pytest.mark.parametrize("kind", kind_table.all_kinds(), ids=lambda kind: kind.name)
def test_the_page_has_references_and_no_credentials(kind: ConnectorKind) -> None:
    credentials = {setting.name for setting in kind.settings if setting.is_credential}
    for command in commands(kind):
        for name, _, value in (part.partition("=") for part in command):
            assert name not in credentials or REFERENCE.fullmatch(value), name
