"""Map object names to paths that are distinct on every file system, and back.

Small letters, digits and `._-` stay, a capital is `!` and its small letter (Windows and macOS ignore case), everything
else is `%` and hex, so that no name is special to a shell, a glob or a Hive path.
"""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from tillstream.domain.object_names import check_bucket, check_object

PIECE = 120
"""Maximum characters of a folder's name; file systems allow 255, encrypting ones 143."""
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")
OBJECT = "@"
"""Suffix of an object's folder, so that `a` and `a/b` can both be objects."""
CONTINUED = "+"
"""Suffix of a folder that is only the first piece of a long name."""


def bucket_path(bucket: str) -> str:
    """The bucket's folder. Raises `Rejected` for an invalid bucket name."""
    check_bucket(bucket)
    return bucket


def object_path(name: str) -> PurePosixPath:
    """The object's folder in its bucket. Raises `Rejected` for a name that Cloud Storage would reject."""
    check_object(name)
    pieces = [piece for segment in name.split("/") for piece in _pieces(segment)]
    return PurePosixPath(*pieces[:-1], pieces[-1] + OBJECT)


def folder_path(prefix: str) -> PurePosixPath:
    """The deepest folder that holds every object whose name starts with `prefix`."""
    return PurePosixPath(*(piece for segment in prefix.split("/")[:-1] for piece in _pieces(segment)))


def object_name(path: PurePosixPath) -> str:
    """The inverse of `object_path`."""
    text = "/".join(path.parts).removesuffix(OBJECT).replace(CONTINUED + "/", "")
    return "/".join(_unquoted(segment) for segment in text.split("/"))


def is_object(folder: str) -> bool:
    return folder.endswith(OBJECT)


def _quoted(segment: str) -> str:
    text = re.sub(r"[A-Z]", lambda match: "!" + match[0].lower(), re.sub(r"[^A-Za-z0-9._-]", _hex, segment))
    # A dot at either end hides a file or is dropped by Windows; `%` alone is the empty segment of `a//b`.
    return re.sub(r"^\.|\.$", "%2e", text) or "%"


def _hex(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02x}" for byte in match[0].encode(errors="surrogatepass"))


def _pieces(segment: str) -> list[str]:
    quoted = _quoted(segment)
    pieces = [quoted[start : start + PIECE] for start in range(0, len(quoted), PIECE)]
    return [*(_no_device(piece) + CONTINUED for piece in pieces[:-1]), _no_device(pieces[-1])]


def _no_device(piece: str) -> str:
    return f"%{ord(piece[0]):02x}{piece[1:]}" if DEVICES.match(piece) else piece


def _unquoted(segment: str) -> str:
    if segment == "%":
        return ""
    return unquote(re.sub(r"!([a-z])", lambda match: match[1].upper(), segment), errors="strict")
