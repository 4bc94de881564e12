"""The texts of the portal's scripts are in the `texts.js` of their area (ADR 092)."""

import re
from collections.abc import Iterator
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "portal" / "static" / "js"
FOR_PROGRAMS = {
    *("use strict", "(prefers-color-scheme: dark)", "tiles=apart; path=/; max-age=31536000; samesite=lax"),
    *("Enter", "Escape", "Tab", "Home", "End", "Delete", "Backspace"),  # keys
    *("Accept", "Location", "Range", "bytes x-x/x", "Files", "Point"),  # protocols and formats
    *(
        ".offered label",
        ".stock-lines tbody",
        "input, select",
        ".field, fieldset, td",
        "main input[type=search]",
    ),  # selectors
    *("input, select, textarea, dialog", "#look input:not([type=radio], [type=checkbox])"),
    "input, select, textarea, [contenteditable], [role=grid], dialog[open]",
    *(
        "badge-state busy",
        "btn small",
        "btn fix-open",
        "deeds discard",
        "fix-state discarded",
        "fix-state x",
    ),  # classes
    *("badge-state x", "form-control x"),
    *("notice ask", "notice wrong", "notice x", "quiet was"),
}
"""Literals that people do not read on a page."""
TEXT = re.compile(r"[^\W\d_][^\W\d_]+[.,:;!?”…]* [^\W\d_“]|[^\W\d_] [^\W\d_]{2}|^[A-Z][a-z]+…?$")
"""Two words, or one that begins like a label; names of values count as the word x."""
MARKUP = re.compile(r"<[^>]*>")
TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r"|\"(?P<double>(?:\\.|[^\"\\\n])*)\"|'(?P<single>(?:\\.|[^'\\\n])*)'"
    r"|(?<=[(,=:\[!&|?{};])\s*/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/"
    r"|[`{}]",
    re.DOTALL,
)
"""A comment, a string, a regular expression, or a sign that opens or closes something."""
CHARACTERS = re.compile(r"(?:\\.|\$(?!\{)|[^\\`$])*", re.DOTALL)


def literals_of(code: str) -> Iterator[tuple[int, str]]:
    """Line and text of each string and template; a value in a template is an x."""
    opened: list[tuple[int, str] | None] = []
    at = 0
    while token := TOKEN.search(code, at):
        at = token.end()
        sign = token.group()
        text = token["double"] if token["double"] is not None else token["single"]
        if text is not None:
            yield code.count("\n", 0, token.start()) + 1, text
        elif sign == "{":
            opened.append(None)
        elif sign in "`}":
            part = (code.count("\n", 0, token.start()) + 1, "") if sign == "`" else opened.pop()
            if part is None:
                continue
            characters = CHARACTERS.match(code, at)
            assert characters is not None
            line, text = part[0], part[1] + characters.group()
            if code[characters.end()] == "`":
                at = characters.end() + 1
                yield line, text
            else:
                at = characters.end() + 2
                opened.append((line, f"{text}x"))


def texts_of(code: str) -> list[tuple[int, str]]:
    return [
        (line, text)
        for line, text in literals_of(code)
        if text not in FOR_PROGRAMS and TEXT.search(MARKUP.sub("", text))
    ]


def _is_for_texts(path: Path) -> bool:
    return path.stem == "texts" or path.stem.endswith("_texts")


def test_scripts_contain_no_texts() -> None:
    scripts = [path for path in SCRIPTS.rglob("*.js") if not _is_for_texts(path)]
    assert scripts
    misplaced = {
        f"{path.relative_to(SCRIPTS)}:{line}: {text}"
        for path in scripts
        for line, text in texts_of(path.read_text(encoding="utf-8"))
    }
    assert misplaced == set()


def test_scripts_of_texts_contain_texts_alone() -> None:
    """So a translator needs no other script, and a page can load them before any other."""
    for path in filter(_is_for_texts, SCRIPTS.rglob("*.js")):
        code = path.read_text(encoding="utf-8")
        assert texts_of(code), path
        assert not re.search(r"\b(fetch|addEventListener|querySelector)\b", code), path


def test_a_text_in_a_script_is_noticed() -> None:
    code = 'a = "Nothing is kept."; // not "Some words"\nb = `${c ? `Set ${d} to` : "x-y"} of ${e}`; f = "Saved"'
    assert texts_of(code) == [(1, "Nothing is kept."), (2, "Set x to"), (2, "x of x"), (2, "Saved")]
