"""What buckets and objects may be called: the names that Cloud Storage takes, wherever they are kept."""

import re

from tillstream.domain.errors import Rejected

LONGEST = 1024
"""Bytes of an object's name."""
BUCKET = re.compile(r"[a-z0-9][a-z0-9_.-]{1,61}[a-z0-9]")
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]")
RESTORED = re.compile(r"restored/[0-9]+/.+", re.DOTALL)
"""Originals that a restore brought into another inbox, by their generation in the old one: they arrived long ago, and
their records name them once the restore has written these."""


def restored(name: str, generation: int) -> str:
    """What such an original is called; one that was restored before keeps its last name."""
    return name if RESTORED.fullmatch(name) else f"restored/{generation}/{name}"


def check_bucket(bucket: str) -> None:
    """Raises `Rejected` unless it could be a bucket in the cloud."""
    if not BUCKET.fullmatch(bucket):
        raise Rejected(f"{bucket!r} cannot be the name of a bucket: 3 to 63 small letters, digits, '-', '_' or '.'.")


def check_object(name: str) -> None:
    """Raises `Rejected` for a name that Cloud Storage would not take."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError as exc:
        raise Rejected(f"{name!r} cannot be an object's name: it is not Unicode.") from exc
    if not 0 < size <= LONGEST or name in {".", ".."} or FORBIDDEN.search(name):
        raise Rejected(f"{name[:80]!r} cannot be an object's name: 1 to {LONGEST} bytes without control characters.")
