"""The code blocks of a page about a tool."""

import re
import textwrap
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "tools"
PAGES = sorted(path.name for path in FOLDER.glob("*.md"))
PLACE = "https://sales.example"
"""The portal of the pages."""


def text(page: str) -> str:
    return (FOLDER / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """Code of a language, without its indentation in a list."""
    fenced = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text(page), flags=re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(code) for _, code in fenced]
