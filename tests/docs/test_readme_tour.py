"""Tours, word for word: the commands of a page are run in an empty home and must print what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOURS = ("README.md", "docs/add-a-region.md")
BATCH = re.compile(r"\b[0-9a-f]{20}\b")
ANYTHING = "…"
"""A line of this stands for any lines."""


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Each command of the `console` blocks with the lines that it should print."""
    examples: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                examples.append((line[2:], []))
            else:
                examples[-1][1].append(line)
    return examples


def matches(shown: list[str], printed: list[str]) -> bool:
    """The lines between those that stand for any must come in their order; the first and last where they stand."""
    runs: list[list[str]] = [[]]
    for line in shown:
        if line == ANYTHING:
            runs.append([])
        else:
            runs[-1].append(line)
    at = 0
    for number, run in enumerate(runs):
        last = len(printed) - len(run)
        places = range(last, last + 1) if number == len(runs) - 1 else range(at, last + 1)
        start = next((place for place in (places if number else range(1)) if printed[place:][: len(run)] == run), None)
        if start is None or start < at:
            return False
        at = start + len(run)
    return len(runs) > 1 or shown == printed


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        ("ab", "ab", True),
        ("ab", "abc", False),
        ("a…", "abc", True),
        ("…c", "abc", True),
        ("…b", "abc", False),
        ("a…c", "abbc", True),
        ("a…b…d", "axbycd", True),
        ("a…c…b…d", "axbycd", False),
        ("…", "", True),
        ("a…a", "a", False),
    ],
)
def test_an_ellipsis_matches_any_lines(shown: str, printed: str, fits: bool) -> None:
    assert matches(list(shown), list(printed)) is fits


class _Batches:
    """Batch ids differ from day to day: the README's stand for those of this run, in the order they appear."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}

    def learn(self, shown: str, printed: str) -> None:
        self._real |= dict(zip(BATCH.findall(shown), BATCH.findall(printed), strict=False))

    def put_into(self, text: str) -> str:
        return BATCH.sub(lambda match: self._real[match.group()], text)


@pytest.mark.skipif(sys.platform == "win32", reason="the tour is written for a POSIX shell")
@pytest.mark.parametrize("page", TOURS)
def test_a_tour_prints_what_its_page_shows(page: str, tmp_path: Path) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for name, content in re.findall(r"Save this\s+as `([\w.]+)`:\n\n```\w+\n(.*?)```", text, flags=re.DOTALL):
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
