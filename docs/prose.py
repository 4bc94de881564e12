"""`python -m docs.prose` keeps words of a private dialect and personifications out of prose.

It reads the docs, the pages of the portal, the unreleased changes, docstrings and the comments of SQL, without code.
`make lint` runs it.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/**/*.md")
PACKAGES = ("tillstream", "till", "portal", "functions", "infra", "devtools", "sql", "looker", "bench", "docs")
THINGS = (
    "adapter|batch|bucket|card|column|command|contract|document|field|file|function|header|instance|ledger|line|message|"
    "page|pipeline|portal|process|query|queue|record|region|row|sale|server|source|store|table|test|till|view|warehouse"
)
BANNED = {
    # pattern: what to write instead
    r"tell|tells|telling|told": "things contain, report or show; people are notified",
    r"say|says|saying|said": "things state, define, show or report",
    r"knows|knew": "things store or contain",
    r"hear|hears|heard": "receives, is notified",
    r"speak|speaks|spoke|spoken": "applies, takes precedence",
    r"believe|believes|believed": "trusts, accepts",
    r"wants|wishes|thinks|remembers|learns": "things have no mind: needs, stores, reads",
    rf"({THINGS}) (sees|guesses|forgets|agrees|decides to|refuses to)": "things have no mind: contains, reads, rejects",
    r"stand|stands|stood": "is, represents",
    r"lies": "is",
    r"waits? for (a person|people|somebody|someone|you)": "is held; needs a decision",
    r"(drive|drives|drove|driving|driven) on": "resumes",
    r"(go|goes|going|went) on": "continues, resumes",
    r"(give|gives|given|gave|giving) (\w+ )?back": "returns, submits, restores",
    r"put(s|ting)? (right|away)": "fixes; archives",
    r"held against": "compared with, verified with",
    r"on (its|the|their) way": "in progress",
    r"what (becomes|became|comes|came) of": "the outcome of",
    r"looked for|looks for": "searched for",
    r"otherwise than": "differently from",
    r"be it|all the same": "even if; anyway",
    r"the own": "their own, its own",
    r"whoever": "anyone who, the caller",
    r"anew": "again",
    r"likewise|thereof|therein|thereby|hence": "also; so",
    r"whereabouts|doings": "name it",
    r"front door|back door|house|houses": "entry point; the product",
}
ALLOWED = {
    "stand among the products": "in the description of shipped contracts, whose versions it is part of",
}

_BANNED = {
    re.compile(rf"(?<![\w-])(?:{words})(?![\w-])".replace(" ", r"\s+"), re.IGNORECASE): advice
    for words, advice in BANNED.items()
}
_ALLOWED = re.compile("|".join(map(re.escape, ALLOWED)), re.IGNORECASE)
_MARKUP = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]+>", re.DOTALL)
_CODE = re.compile(r"^ *(```|~~~).*?^ *\1$|<!--.*?-->|`[^`]*`|(?<=\])\([^)\s]*\)", re.DOTALL | re.MULTILINE)


class Hit(NamedTuple):
    """A banned phrase in a text."""

    path: str
    line: int
    phrase: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: “{self.phrase}” (instead: {self.advice})"


def banned_phrases(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, phrase and advice of every banned phrase in Markdown; code and the targets of links are no prose."""
    prose = _ALLOWED.sub(_blank, _CODE.sub(_blank, text))
    for pattern, advice in _BANNED.items():
        for match in pattern.finditer(prose):
            yield text.count("\n", 0, match.start()) + 1, " ".join(match.group().split()), advice


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"\S", "·", match.group())


def text_of_page(template: str) -> str:
    """Return a template with its tags and its Jinja blanked out."""
    return _MARKUP.sub(_blank, template)


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every docstring, also of those under attributes."""
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text)), lineno=line):
                    yield line, text


def sql_comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every block of comments."""
    for block in re.finditer(r"(?:^ *--.*\n?)+|(?<=\S) +-- .*", source, flags=re.MULTILINE):
        yield (
            source.count("\n", 0, block.start()) + 1,
            re.sub(r"^ *--(?: name: .*)?", "", block.group(), flags=re.MULTILINE),
        )


def unreleased(changelog: str) -> str:
    """Return the changes of the next version, with the lines before them."""
    before, heading, after = changelog.partition("\n## [Unreleased]\n")
    return before + heading + after.partition("\n## [")[0]


def texts() -> Iterator[tuple[str, int, str]]:
    """Yield path, first line and text of everything that is checked."""
    for path in (path for pattern in PAGES for path in sorted(ROOT.glob(pattern))):
        yield path.relative_to(ROOT).as_posix(), 1, path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "portal").rglob("*.html")):
        yield path.relative_to(ROOT).as_posix(), 1, text_of_page(path.read_text(encoding="utf-8"))
    yield "CHANGELOG.md", 1, unreleased((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*"))):
        parts = {".py": docstrings, ".sql": sql_comments}.get(path.suffix)
        if parts:
            for line, text in parts(path.read_text(encoding="utf-8")):
                yield path.relative_to(ROOT).as_posix(), line, text


def main() -> int:
    hits = [Hit(path, first + at - 1, *rest) for path, first, text in texts() for at, *rest in banned_phrases(text)]
    for hit in sorted(hits):
        print(hit)
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
