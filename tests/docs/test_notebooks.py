"""The notebooks of examples/ run in the environment of `make notebooks`, and print the outputs that they contain.

After an intended change: `pytest tests/docs/test_notebooks.py --notebooks-write`, and review what changed.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from examples import long_but
from tillstream.cli.main import main

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.ipynb"))
COMPARED = "validate-a-frame"
"""Contains its outputs, and needs no home of the demo."""


def executed(notebook: Path, programs: Path, folder: Path) -> dict[str, Any]:
    """Return the content of a notebook after it has run in the folder."""
    copy = folder / notebook.name
    copy.write_bytes(notebook.read_bytes())
    variables = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "TILLSTREAM_HOME": str(folder / "home"),
    }
    command = [programs / "jupyter-execute", "--inplace", copy]
    subprocess.run(command, env=os.environ | variables, check=True, timeout=240)
    content: dict[str, Any] = json.loads(copy.read_text(encoding="utf-8"))
    return content


def outputs(notebook: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Cell → its outputs."""
    return {cell["id"]: cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"}


def has_outputs(notebook: dict[str, Any]) -> bool:
    return any(outputs(notebook).values())


@pytest.mark.parametrize(
    "notebook",
    long_but([path for path in NOTEBOOKS if path.stem == COMPARED], NOTEBOOKS),
    ids=lambda notebook: notebook.stem,
)
def test_a_notebook_prints_what_it_contains(
    notebook: Path, notebook_programs: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    if not has_outputs(content):
        CliRunner().invoke(main, ["demo", "--scale", "0.05", "--json"], env={"TILLSTREAM_HOME": str(tmp_path / "home")})
    result = executed(notebook, notebook_programs, tmp_path)
    if not has_outputs(content):  # it reads the demo, whose days depend on today
        assert has_outputs(result)
        return
    if request.config.getoption("--notebooks-write"):
        for cell, run in zip(content["cells"], result["cells"], strict=True):
            cell.update({name: run[name] for name in ("execution_count", "outputs") if name in run})
        notebook.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert outputs(result) == outputs(content)


def test_the_notebook_about_pandas_lists_the_rows_by_problem_code() -> None:
    (path,) = (path for path in NOTEBOOKS if path.stem == "validate-a-frame")
    (table,) = outputs(json.loads(path.read_text(encoding="utf-8")))["group"]
    assert [line.split(maxsplit=2) for line in "".join(table["data"]["text/plain"]).splitlines()[2:]] == [
        ["future-date", "1", "[5]"],
        ["missing-required", "2", "[3, 6]"],
        ["negative-price", "1", "[7]"],
        ["negative-quantity", "1", "[1]"],
        ["positive-return", "1", "[4]"],
        ["unknown-store", "2", "[2, 7]"],
        ["zero-price", "1", "[6]"],
    ]
