"""The sources of the functions and of the portal's image, identified by digests of their files."""

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
    "till",
    "portal",
    "functions",
    "sql",
    "looker",
    "infra",
)
"""Files of a clone that go into the image."""


@dataclass(frozen=True)
class Source:
    """Digests of the functions' package and of the image, and the paths of their files.

    If a digest is empty, its resources are not compared.
    """

    functions: str = ""
    image: str = ""
    zip: str = "functions.zip"
    folder: str = "."


UNKNOWN = Source("digest", "digest")
"""Placeholder for a dry run without a package."""


def of_clone(clone: Path, package: Path, into: Path) -> Source:
    """The source of a clone. package: output of `make package`; into: folder for its zip archive."""
    functions, image = _digest(package, _files(package, ["*"])), _digest(clone, _files(clone, IMAGE))
    into.mkdir(parents=True, exist_ok=True)
    archive = into / f"functions-{functions}.zip"
    if not archive.exists():
        _zip(package, archive)
    return Source(functions, image, str(archive), str(clone))


def _files(folder: Path, patterns: Iterable[str]) -> list[Path]:
    matches = [path for pattern in patterns for path in folder.glob(pattern)]
    nested = [file for path in matches if path.is_dir() for file in path.rglob("*")]
    return sorted({path for path in (*matches, *nested) if path.is_file() and "__pycache__" not in path.parts})


def _digest(folder: Path, files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:LENGTH]


def _zip(folder: Path, archive: Path) -> None:
    """Write a zip archive. It is reproducible: the same files give the same bytes, regardless of their times."""
    half = archive.with_suffix(".half")
    with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as out:
        for path in _files(folder, ["*"]):
            out.writestr(zipfile.ZipInfo(path.relative_to(folder).as_posix()), path.read_bytes(), zipfile.ZIP_DEFLATED)
    half.replace(archive)
