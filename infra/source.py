"""What the functions and the portal's image are made of, and the name that tells it: a digest of its files."""

import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LENGTH = 16
IMAGE = (
    "Dockerfile",
    "pyproject.toml",
    "requirements*.lock",
    "tillstream",
    "portal",
    "functions",
    "sql",
    "looker",
    "infra",
)
"""What of a clone goes into the image."""


@dataclass(frozen=True)
class Source:
    """Digests of the functions' package and of the image, and where their files are; empty: do not compare."""

    functions: str = ""
    image: str = ""
    zip: str = "functions.zip"
    folder: str = "."


UNKNOWN = Source("digest", "digest")
"""What a dry run tells of where nothing is at hand to be deployed."""


def of_clone(clone: Path, package: Path, into: Path) -> Source:
    """The clone's, whose functions `make package` laid into `package`; zipped into the folder `into`."""
    functions, image = _digest(package, _files(package, ["*"])), _digest(clone, _files(clone, IMAGE))
    into.mkdir(parents=True, exist_ok=True)
    archive = into / f"functions-{functions}.zip"
    if not archive.exists():
        _zip(package, archive)
    return Source(functions, image, str(archive), str(clone))


def _files(folder: Path, patterns: Iterable[str]) -> list[Path]:
    found = [path for pattern in patterns for path in folder.glob(pattern)]
    inner = [each for path in found if path.is_dir() for each in path.rglob("*")]
    return sorted({path for path in (*found, *inner) if path.is_file() and "__pycache__" not in path.parts})


def _digest(folder: Path, files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:LENGTH]


def _zip(folder: Path, archive: Path) -> None:
    """The same bytes for the same files, whenever they were written."""
    half = archive.with_suffix(".half")
    with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as out:
        for path in _files(folder, ["*"]):
            out.writestr(zipfile.ZipInfo(path.relative_to(folder).as_posix()), path.read_bytes(), zipfile.ZIP_DEFLATED)
    half.replace(archive)
