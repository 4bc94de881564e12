"""Files that hold what the outside of the product is: compared with what the code gives now, or written anew."""

import difflib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("outside")
Collector = Callable[[], str]


def as_json(value: Any) -> str:
    """Readable, in the order given: each entry of a large list or table on lines of its own."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def as_lines(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def difference(name: str, now: str) -> str:
    """A unified diff from the kept file to what is there now; empty where they are equal."""
    path = FOLDER / name
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = difflib.unified_diff(
        kept.splitlines(keepends=True), now.splitlines(keepends=True), f"outside/{name}", f"{name} now"
    )
    return "".join(lines)


def write(name: str, text: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
