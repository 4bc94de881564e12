"""The tour of the README, word for word: its commands are run in an empty home and must print what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"
BATCH = re.compile(r"\b[0-9a-f]{20}\b")
ANYTHING = "…"
"""A line of this stands for any lines."""


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Each command of the `console` blocks with the lines that it should print."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def matches(shown: list[str], printed: list[str]) -> bool:
    pattern = "\n".join(r"(?:.*\n?)*" if line == ANYTHING else re.escape(line) for line in shown)
    return re.fullmatch(pattern, "\n".join(printed)) is not None


class _Batches:
    """Batch ids differ from day to day: the README's stand for those of this run, in the order they appear."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}

    def learn(self, shown: str, printed: str) -> None:
        self._real |= dict(zip(BATCH.findall(shown), BATCH.findall(printed), strict=False))

    def put_into(self, text: str) -> str:
        return BATCH.sub(lambda found: self._real[found.group()], text)


@pytest.mark.skipif(sys.platform == "win32", reason="the tour is written for a POSIX shell")
def test_the_tour_prints_what_the_readme_shows(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    for name, content in re.findall(r"Save this\s+as `([\w.]+)`:\n\n```csv\n(.*?)```", text, flags=re.DOTALL):
        (tmp_path / name).write_text(content, encoding="utf-8")
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TILLSTREAM_HOME": str(tmp_path / "home"),
        "PYTHONUTF8": "1",
    }
    real = _Batches()
    steps = commands(text)
    assert len(steps) >= 6
    for command, shown in steps:
        typed = real.put_into(command)
        done = subprocess.run(
            typed,
            shell=True,
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout.splitlines()
        real.learn("\n".join(shown), done.stdout)
        expected = [real.put_into(line) for line in shown]
        assert matches(expected, printed), f"$ {typed}\n{done.stdout}{done.stderr}"
