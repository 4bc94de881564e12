"""The commands that a page names: in its blocks of the shell, and inline."""

import re
from pathlib import Path

import click

from docs.generate.commands import leaves
from tillstream.cli.main import main

PAGES = Path(__file__).resolve().parents[3] / "docs"
COMMANDS = dict(leaves(main, "tillstream"))


class Page:
    """A page of the documentation. name: its path below `docs`."""

    def __init__(self, name: str) -> None:
        self.text = (PAGES / name).read_text(encoding="utf-8")
        blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", self.text, flags=re.MULTILINE | re.DOTALL))
        inline = re.findall(r"`([^`\n]+(?:\n[^`\n]+)?)`", self.text.replace(blocks, ""))
        self._lines = [*blocks.replace("\\\n", " ").splitlines(), *(" ".join(one.split()) for one in inline)]

    def named(self, program: str) -> list[str]:
        """Each call of a program, also of one in a clone's `.venv/bin`, without its comment."""
        lines = [re.sub(r"\s+# .*", "", line).removeprefix(".venv/bin/") for line in self._lines]
        return [line for line in lines if line.startswith(f"{program} ")]

    def check_tillstream(self) -> int:
        """Assert that each command exists with its options; return how many there are."""
        for line in self.named("tillstream"):
            typed = re.sub(r"^tillstream backfill (?=gs:|s3:|/|PATH)", "tillstream backfill run ", line)
            path = next(
                (path for path in sorted(COMMANDS, key=len, reverse=True) if f"{typed} ".startswith(f"{path} ")), ""
            )
            assert path, line
            options = {
                name for param in COMMANDS[path].params if isinstance(param, click.Option) for name in param.opts
            }
            assert set(re.findall(r"(?<= )(--[a-z-]+)", line)) <= options, line
        return len(self.named("tillstream"))
