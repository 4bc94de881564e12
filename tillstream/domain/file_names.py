"""What a file's name and folder say about it: whose file it is, and whether it is still being written."""

import re
from collections.abc import Iterable

ENDINGS = frozenset(
    {"csv", "tsv", "tab", "txt", "gz", "zip", "xlsx", "xlsm", "ods", "json", "jsonl", "ndjson", "parquet"}
)
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".opdownload", ".swp", "~")
"""How browsers, copy programs and editors end the names of files that they have not finished."""
BY_THE_SYSTEM = frozenset({"thumbs.db", "desktop.ini"})


def unfinished(name: str) -> bool:
    """Whether a file of this name is none yet, or none that a person put there: hidden, temporary, a lock of Office."""
    last = name.rsplit("/", 1)[-1].casefold()
    return not last or last.startswith((".", "~")) or last.endswith(UNFINISHED) or last in BY_THE_SYSTEM


def contract_named(path: str, names: Iterable[str]) -> str | None:
    """The contract that a folder of the path is named like, else the longest one that the file's name begins with.

    `IN/any.csv`, `IN.csv`, `in_2026-11.csv.gz`, `UK-2026-11.xlsx`. Capitals do not matter, and what follows the
    contract's name must not be a letter or a digit: `INDIA.csv` is not `IN`.
    """
    *folders, file = path.split("/")
    known = sorted(names, key=lambda name: (-len(name), name))
    for folder in folders:
        found = _like(folder.strip(), known)
        if found:
            return found
    own = stem(file)
    return _like(own, known) or next((name for name in known if _begins(own, name)), None)


def _like(word: str, known: list[str]) -> str | None:
    if word in known:
        return word
    return next((name for name in known if name.casefold() == word.casefold()), None)


def _begins(stem: str, name: str) -> bool:
    return re.match(rf"{re.escape(name)}(?![^\W_])", stem, re.IGNORECASE) is not None


def stem(file: str) -> str:
    """The name without the endings that say what kind of file it is."""
    while "." in file and file.rsplit(".", 1)[1].casefold() in ENDINGS:
        file = file.rsplit(".", 1)[0]
    return file.strip()
