"""Names of buckets and objects, as Cloud Storage allows them, and the names of objects in the inbox."""

import re
from datetime import datetime

from tillstream.model.errors import Rejected

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
STORE_SALES_FOLDER = "store-sales"
"""Inbox folder of micro-batches of store sales."""
MICRO_BATCH_NAME = re.compile(rf"{STORE_SALES_FOLDER}/(.+/)?[0-9]+(-[0-9a-f]{{16}})?\.jsonl", re.DOTALL)
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
