"""Tours of pages: their files are written, their commands are run, and what is printed is compared with the page."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

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


class Batches:
    """Batch ids differ from day to day: the README's stand for those of this run, in the order they appear."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}

    def learn(self, shown: str, printed: str) -> None:
        self._real |= dict(zip(BATCH.findall(shown), BATCH.findall(printed), strict=False))

    def put_into(self, text: str) -> str:
        return BATCH.sub(lambda match: self._real[match.group()], text)


def walk(text: str, folder: Path, environment: Mapping[str, str], without: str = "") -> None:
    """Run the commands of a page in a folder, in their order. without: start of the commands that are left out.

    Whether the changes of a settled batch are published yet depends on the time, so that state is not compared.
    """
    for name, content in re.findall(r"Save this\s+as `([\w.]+)`:\n\n```\w+\n(.*?)```", text, flags=re.DOTALL):
        (folder / name).write_text(content, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {"PATH": path, "PYTHONUTF8": "1", **environment}
    real = Batches()
    steps = [(command, shown) for command, shown in commands(text) if not (without and command.startswith(without))]
    assert len(steps) >= 6
    for command, shown in steps:
        typed = real.put_into(command)
        done = subprocess.run(
            typed,
            shell=True,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        printed = [line.replace(" · announced · ", " · settled · ") for line in done.stdout.splitlines()]
        real.learn("\n".join(shown), done.stdout)
        expected = [real.put_into(line) for line in shown]
        assert matches(expected, printed), f"$ {typed}\n{done.stdout}{done.stderr}"
