"""`contracts NAME --pandera FILE` writes the contract's checks as a pandera schema."""

import json
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from tests.e2e.conftest import Run, RunText
from tillstream.cli.main import main


def test_the_checks_are_written_as_python(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "checks.py"
    assert run("contracts", "IN", "--pandera", str(file)) == (0, {"name": "IN", "version": 1, "file": str(file)})
    names: dict[str, Any] = {}
    exec(file.read_text(encoding="utf-8"), names)
    assert names["schema"].name == "IN@1"


def test_the_checks_are_written_as_yaml(run_text: RunText, tmp_path: Path) -> None:
    file = tmp_path / "checks.yaml"
    code, words = run_text("contracts", "IN", "--pandera", str(file))
    assert code == 0
    assert "The checks of IN, version 1, are written to" in words
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["name"] == "IN@1"


def test_the_checks_are_written_for_pandas(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "checks.py"
    assert run("contracts", "IN", "--pandera", str(file), "--frame", "pandas")[0] == 0
    assert "import pandera.pandas as pandera" in file.read_text(encoding="utf-8")
    code, answer = run("contracts", "IN", "--pandera", str(tmp_path / "checks.yaml"), "--frame", "pandas")
    assert (code, answer["error"]) == (1, "checks.yaml must end with .py for pandas frames.")


def test_the_checks_are_written_as_a_suite(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "checks.json"
    assert run("contracts", "IN", "--expectations", str(file)) == (0, {"name": "IN", "version": 1, "file": str(file)})
    assert json.loads(file.read_text(encoding="utf-8"))["name"] == "IN@1"
    code, answer = run("contracts", "IN", "--expectations", str(tmp_path / "checks.yaml"))
    assert (code, answer["error"]) == (1, "checks.yaml must end with .json.")


def test_another_ending_a_missing_folder_and_an_unknown_contract_are_refused(run: Run, tmp_path: Path) -> None:
    for name, file, error in (
        ("IN", tmp_path / "checks.json", "checks.json must end with .py or .yaml for polars frames."),
        ("IN", tmp_path / "none" / "checks.py", "cannot be written: No such file or directory."),
        ("INN", tmp_path / "checks.py", "INN"),
    ):
        code, answer = run("contracts", name, "--pandera", str(file))
        assert code == 1
        assert error in answer["error"]
        assert not file.exists()


def test_a_contract_must_be_named(home: Path, tmp_path: Path) -> None:
    for option in ("--pandera", "--expectations"):
        result = CliRunner().invoke(main, ["contracts", option, str(tmp_path / "checks.py")])
        assert result.exit_code == 2
        assert f"{option} needs the NAME of a contract." in result.output


def test_one_kind_of_checks_is_written(home: Path, tmp_path: Path) -> None:
    files = str(tmp_path / "checks.py"), str(tmp_path / "checks.json")
    result = CliRunner().invoke(main, ["contracts", "IN", "--pandera", files[0], "--expectations", files[1]])
    assert result.exit_code == 2
    assert "Use either --pandera or --expectations." in result.output
