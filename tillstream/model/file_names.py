"""Names of files: which are read, the contract that a name is that of, and a name without its file type and dates."""

import re
from collections.abc import Iterable

FILE_EXTENSIONS = frozenset(
    {
        "csv",
        "tsv",
        "tab",
        "txt",
        "gz",
        "zip",
        "xlsx",
        "xlsm",
        "xlsb",
        "xls",
        "ods",
        "json",
        "jsonl",
        "ndjson",
        "parquet",
    }
)
INCOMPLETE_SUFFIXES = (
    *(".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".opdownload", ".swp", "~"),
    "._copying_",
)
"""Suffixes that browsers, copy programs, editors and `hdfs dfs -put` give to incomplete files."""
_DATE_IN_NAME = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])(?:\1(?:0[1-9]|[12]\d|3[01]))?"
    r"|(?:0[1-9]|[12]\d|3[01])([-_.]?)(?:0[1-9]|1[0-2])\2(?:19|20)\d\d)(?!\d)"
)
SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini"})


def is_ignored_file(name: str) -> bool:
    """Whether a file of this name is not to be read: temporary, hidden, a system file or a lock file of Office."""
    last = name.rsplit("/", 1)[-1].casefold()
    return not last or last.startswith((".", "~")) or last.endswith(INCOMPLETE_SUFFIXES) or last in SYSTEM_FILES


def contract_from_folder(path: str, names: Iterable[str]) -> str | None:
    """The contract named by a folder of the path: `IN/any.csv`. Case does not matter."""
    *folders, _ = path.split("/")
    contracts = _longest_first(names)
    return next(filter(None, (_equal_name(folder.strip(), contracts) for folder in folders)), None)


def contract_from_name(path: str, names: Iterable[str]) -> str | None:
    """The longest contract name that the name of the file starts with.

    `IN.csv`, `in_2026-11.csv.gz`, `UK-2026-11.xlsx`. Case does not matter, and the character after the contract's name
    must not be a letter or a digit: `INDIA.csv` is not `IN`.
    """
    base, contracts = file_stem(path.rsplit("/", 1)[-1]), _longest_first(names)
    return _equal_name(base, contracts) or next((name for name in contracts if _starts_with_name(base, name)), None)


def _longest_first(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (-len(name), name))


def _equal_name(text: str, contracts: list[str]) -> str | None:
    if text in contracts:
        return text
    return next((name for name in contracts if name.casefold() == text.casefold()), None)


def _starts_with_name(stem: str, name: str) -> bool:
    return re.match(rf"{re.escape(name)}(?![^\W_])", stem, re.IGNORECASE) is not None


def file_stem(file: str) -> str:
    """The file name without its file type extensions."""
    while "." in file and file.rsplit(".", 1)[1].casefold() in FILE_EXTENSIONS:
        file = file.rsplit(".", 1)[0]
    return file.strip()


def without_dates(name: str) -> str:
    """A name without the days and months in it; unchanged if no letter is left, as contracts have names in letters.

    `sales_2026-11-22`, `20261122 sales`, `sales.22.11.2026`, `sales-2026-11` → `sales`
    """
    parts = [part.strip(" -_.") for part in _DATE_IN_NAME.sub("\0", name).split("\0")]
    rest = "_".join(filter(None, parts))
    return rest if len(parts) > 1 and re.search("[A-Za-z]", rest) else name
