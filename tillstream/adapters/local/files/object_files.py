"""The files of one object, one per generation, and the paths of object names.

Small letters, digits and `._-` stay, a capital is `!` and its small letter (Windows and macOS ignore case), everything
else is `%` and hex, so that no name is special to a shell, a glob or a Hive path.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from tillstream.adapters.local.durable_files import sync_folder
from tillstream.model.errors import Unavailable
from tillstream.model.object_names import check_bucket_name, check_object_name

PIECE_LENGTH = 120
"""Maximum characters of a folder's name; file systems allow 255, encrypting ones 143."""
DEVICE_NAMES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")
OBJECT_MARK = "@"
"""Suffix of an object's folder, so that `a` and `a/b` can both be objects."""
CONTINUED_MARK = "+"
"""Suffix of a folder that is only the first piece of a long name."""

GENERATION_NAME = re.compile(r"([0-9]+)(-.*|\.gone)", re.DOTALL)
ABANDONED_SECONDS = 86_400.0


def bucket_path(bucket: str) -> str:
    """The bucket's folder. Raises `Rejected` for an invalid bucket name."""
    check_bucket_name(bucket)
    return bucket


def object_path(name: str) -> PurePosixPath:
    """The object's folder in its bucket. Raises `Rejected` for a name that Cloud Storage would reject."""
    check_object_name(name)
    pieces = [piece for segment in name.split("/") for piece in _pieces(segment)]
    return PurePosixPath(*pieces[:-1], pieces[-1] + OBJECT_MARK)


def folder_path(prefix: str) -> PurePosixPath:
    """The deepest folder that holds every object whose name starts with `prefix`."""
    return PurePosixPath(*(piece for segment in prefix.split("/")[:-1] for piece in _pieces(segment)))


def object_name(path: PurePosixPath) -> str:
    """The inverse of `object_path`."""
    text = "/".join(path.parts).removesuffix(OBJECT_MARK).replace(CONTINUED_MARK + "/", "")
    return "/".join(_unquoted(segment) for segment in text.split("/"))


def is_object_folder(folder: str) -> bool:
    return folder.endswith(OBJECT_MARK)


def _quoted(segment: str) -> str:
    text = re.sub(r"[A-Z]", lambda match: "!" + match[0].lower(), re.sub(r"[^A-Za-z0-9._-]", _hex, segment))
    # A dot at either end hides a file or is dropped by Windows; `%` alone is the empty segment of `a//b`.
    return re.sub(r"^\.|\.$", "%2e", text) or "%"


def _hex(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02x}" for byte in match[0].encode(errors="surrogatepass"))


def _pieces(segment: str) -> list[str]:
    quoted = _quoted(segment)
    pieces = [quoted[start : start + PIECE_LENGTH] for start in range(0, len(quoted), PIECE_LENGTH)]
    return [*(_no_device(piece) + CONTINUED_MARK for piece in pieces[:-1]), _no_device(pieces[-1])]


def _no_device(piece: str) -> str:
    return f"%{ord(piece[0]):02x}{piece[1:]}" if DEVICE_NAMES.match(piece) else piece


def _unquoted(segment: str) -> str:
    if segment == "%":
        return ""
    return unquote(re.sub(r"!([a-z])", lambda match: match[1].upper(), segment), errors="strict")


@dataclass(frozen=True, order=True)
class Generation:
    number: int
    path: Path

    @property
    def is_deleted(self) -> bool:
        """Whether this marks the deletion of the object instead of content."""
        return self.path.suffix == ".gone" and "-" not in self.path.name


@contextmanager
def translate_file_errors() -> Iterator[None]:
    """Translate disk errors and lock timeouts into `Unavailable`."""
    try:
        yield
    except OSError as exc:
        raise Unavailable(f"The folder of the stored files cannot be used: {exc}.") from exc


def object_generations(folder: Path) -> list[Generation]:
    """The generations in an object's folder, oldest first."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    return sorted(
        Generation(int(match[1]), folder / name) for name in names if (match := GENERATION_NAME.fullmatch(name))
    )


def live_generation(folder: Path) -> Generation | None:
    stored = object_generations(folder)
    return stored[-1] if stored and not stored[-1].is_deleted else None


def object_folders(start: Path) -> Iterator[Path]:
    for path, folders, _ in os.walk(start, onerror=_unless_missing):
        yield from (Path(path, folder) for folder in folders if is_object_folder(folder))
        folders[:] = [folder for folder in folders if not is_object_folder(folder)]


def make_folder(folder: Path) -> None:
    """Create the folder and its parents durably."""
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def prune_folders(folder: Path, root: Path) -> None:
    """Remove the folder and its parents below `root` while they are empty."""
    with suppress(OSError):
        while folder != root:
            folder.rmdir()
            folder = folder.parent


def sweep_abandoned(folder: Path) -> None:
    """Remove files of killed writers; their age is measured by the clock of the file system."""
    probe = folder / secrets.token_hex(16)
    probe.touch()
    now = probe.stat().st_mtime
    for path in (probe, *folder.iterdir()):
        with suppress(OSError):
            if path == probe or now - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()


def _unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
