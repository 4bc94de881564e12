"""Places on this machine to which people let Tillstream write: not its own data, credentials, or the system's."""

from collections.abc import Iterator
from pathlib import Path

from tillstream.model.errors import Rejected
from tillstream.settings import Settings

DELIVERIES_FOLDER = "deliveries"
"""The folder of the home for files that are written for others."""
SYSTEM_FOLDERS = tuple(
    map(
        Path,
        (
            *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr"),
            *("/var/spool", "/System", "/Library", "/private/etc"),
        ),
    )
)
WRITABLE_FOLDERS = tuple(map(Path, ("/dev/shm", "/run/media", "/run/user", "/usr/local")))  # noqa: S108 - no file
"""Folders within these for data of people: memory, removable disks, and what was installed by hand."""
WINDOWS_FOLDERS = frozenset({"windows", "program files", "program files (x86)"})


def check_output(settings: Settings, path: str | Path) -> None:
    """Raise `Rejected` unless files may be written to a folder or file, wherever links and `..` lead."""
    if not str(path).strip():
        raise Rejected("Enter the path of a folder, such as /data/marts.")
    place = Path(path).resolve()
    is_for_others = _is_within(place, settings.home / DELIVERIES_FOLDER)
    for folder, reason in _protected(settings):
        if not is_for_others and _is_within(place, folder):
            raise Rejected(f"{path} is in {folder}, {reason}. Choose another place.")
    if _is_of_system(place):
        raise Rejected(f"{path} is in a folder of the operating system. Choose another place.")


def _protected(settings: Settings) -> Iterator[tuple[Path, str]]:
    yield settings.secrets_folder, "which holds credentials"
    yield settings.dropped, "from which every file is loaded"
    yield settings.home, "which holds the data of Tillstream"


def _is_within(place: Path, folder: Path) -> bool:
    """Whether a place is a folder or in it, also on file systems that ignore capitals, and through mounts."""
    if place.is_relative_to(folder.resolve()):
        return True
    if not folder.exists():
        return False
    return any(one.exists() and one.samefile(folder) for one in (place, *place.parents))


def _is_of_system(place: Path) -> bool:
    if place == Path(place.anchor) or (place.drive and place.parts[1].casefold() in WINDOWS_FOLDERS):
        return True
    return any(map(place.is_relative_to, SYSTEM_FOLDERS)) and not any(map(place.is_relative_to, WRITABLE_FOLDERS))
