"""Programs of a test that run its interpreter, whose path may have spaces: a line `#!` allows none."""

import sys
from pathlib import Path


def write_program(path: Path, code: str, *options: str) -> None:
    """Make `path` a program that runs the code. options: those of the interpreter."""
    script = path.with_name(f"code-of-{path.name}.py")
    script.write_text(code, encoding="utf-8")
    words = " ".join((f'"{sys.executable}"', *options, f'"{script}"'))
    path.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
