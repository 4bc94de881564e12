"""Names of files: the contract that a name is that of; and valid names of buckets and objects, as in Cloud Storage."""

import re
from collections.abc import Iterable
from datetime import datetime

from tillstream.model.errors import Rejected

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


MAX_NAME_BYTES = 1024
"""Maximum length of an object name, in bytes."""
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{1,61}[a-z0-9]")
FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")
MAX_PATH_BYTES = 900
"""Maximum bytes of a path in an object name; the end is kept, because it has the file extension."""
_NOT_IN_PATHS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
RESTORED_NAME = re.compile(r"restored/[0-9]+/.+", re.DOTALL)
"""Names of originals that a restore copied into another inbox, with their generation in the old one. They are not new
files: the restore also writes the batch records that refer to them."""

SYNC_FOLDER = "sync"
"""Inbox folder of originals that other homes sent."""
SYNCED_NAME = re.compile(
    rf"(?:restored/[0-9]+/)?{SYNC_FOLDER}/(?P<home>[a-z0-9-]+)/(?P<generation>[0-9]+)/(?P<name>.+)", re.DOTALL
)
"""Names of those originals, also of restored ones: the home, and the generation and name that they have there. They are
not new files."""
RECOVERED_HOME = "recovered"
"""In such a name, in place of a home: the original is one of this home, which came back from the head office."""

CONNECT_FOLDER = "connect"
"""Inbox folder of files that connectors pulled."""
CONNECTED_NAME = re.compile(
    rf"(?:restored/[0-9]+/|{SYNC_FOLDER}/[a-z0-9-]+/[0-9]+/)*{CONNECT_FOLDER}/(?P<connector>[a-z0-9-]+)/(?P<item>[0-9a-f]{{32}})/(?P<path>.+)",
    re.DOTALL,
)
"""Names of those files, also of restored and synced ones: the connector, the hash of the item, and its path."""
LOADED_FOLDER = "loaded"
"""Inbox folder of files that a person sent in one request."""
TIME_DIGITS = 16
"""Digits of a time in a name: microseconds since 1970, so that names sort by time until the year 2286."""
RATES_FOLDER = "exchange-rates"
"""Inbox folder of loaded exchange rates."""
RATES_NAME = re.compile(rf"{RATES_FOLDER}/[0-9]{{{TIME_DIGITS}}}\.parquet")
PACKS_FOLDER = "packs"
"""Inbox folder of packs, which contain the originals of old micro-batches of store sales."""
PACK_NAME = re.compile(
    rf"{PACKS_FOLDER}/(?P<folder>.+)/(?P<day>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})"
    rf"/(?P<id>(?P<first>[0-9]{{{TIME_DIGITS}}})-(?P<last>[0-9]{{{TIME_DIGITS}}})-[0-9a-f]{{16}})\.zip",
    re.DOTALL,
)
"""Names of packs: the folder, the UTC day, and the times of the first and the last micro-batch that one contains."""
PACKABLE_NAME = re.compile(
    rf"(?P<folder>.+)/(?P<time>[0-9]{{{TIME_DIGITS}}})-(?P<hash>[0-9a-f]{{16}})\.jsonl", re.DOTALL
)
"""Names of micro-batches that may be packed: the name has a hash of the content, so equal names are equal bytes."""


def time_for_name(at: datetime) -> str:
    """The text with which a name begins that was made at this time."""
    return f"{int(at.timestamp() * 1_000_000):0{TIME_DIGITS}d}"


def restored_name(name: str, generation: int) -> str:
    """The name of a restored original; one that was restored before keeps its name."""
    return name if RESTORED_NAME.fullmatch(name) else f"restored/{generation}/{name}"


def synced_name(home: str, name: str, generation: int) -> str:
    """The name of an original that another home sent, by its name and its generation there."""
    return f"{SYNC_FOLDER}/{home}/{generation}/{name}"


def home_in_name(name: str) -> str:
    """The home that sent the original with this name; empty for an original of this home."""
    match = SYNCED_NAME.fullmatch(name)
    return match["home"] if match and match["home"] != RECOVERED_HOME else ""


def path_for_name(path: str) -> str:
    """A path of a file as part of an object name, without the characters and lengths that names cannot have."""
    path = _NOT_IN_PATHS.sub("_", path)
    while len(path.encode()) > MAX_PATH_BYTES:
        path = path[1:]
    return path.lstrip("/")


def check_bucket_name(bucket: str) -> None:
    """Raise `Rejected` unless Cloud Storage accepts the bucket name."""
    if not BUCKET_NAME.fullmatch(bucket):
        raise Rejected(
            f"{bucket!r} is not a valid bucket name. Use 3 to 63 lowercase letters, digits, '-', '_' or '.'."
        )


def check_object_name(name: str) -> None:
    """Raise `Rejected` unless Cloud Storage accepts the object name."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError as exc:
        raise Rejected(f"{name!r} is not a valid object name: it is not Unicode.") from exc
    if not 0 < size <= MAX_NAME_BYTES or name in {".", ".."} or FORBIDDEN_CHARACTERS.search(name):
        raise Rejected(
            f"{name[:80]!r} is not a valid object name. Use 1 to {MAX_NAME_BYTES} bytes without control characters."
        )
