"""The source of the image: its files, a digest of them, and one archive: `python -m infra.source [FILE]`.

The deploy sends such an archive to Cloud Build. It is reproducible: the same clone gives the same bytes.
"""

import gzip
import hashlib
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]
PACKAGE = CLONE / "build" / "image.tgz"
CONTENT = (
    *("Dockerfile", "infra/locks/image.lock", "pyproject.toml", "README.md", "LICENSE"),
    *("sql", "looker", "infra", "functions", "portal", "tillstream", "till"),
)
"""Files and folders of a clone from which the image is built."""
LENGTH = 16


def files(clone: Path) -> Iterator[Path]:
    """The files of the image's source, in a fixed order."""
    matches = [clone / name for name in CONTENT]
    nested = [file for path in matches if path.is_dir() for file in path.rglob("*")]
    yield from sorted({path for path in (*matches, *nested) if path.is_file() and "__pycache__" not in path.parts})


def package(archive: Path = PACKAGE, clone: Path = CLONE) -> Path:
    """Write the archive."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    half = archive.with_suffix(".half")
    with (
        half.open("wb") as raw,
        gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed,
        tarfile.open(mode="w", fileobj=packed, format=tarfile.PAX_FORMAT) as out,
    ):
        for path in files(clone):
            entry = tarfile.TarInfo(path.relative_to(clone).as_posix())
            entry.size = path.stat().st_size
            with path.open("rb") as content:
                out.addfile(entry, content)
    half.replace(archive)
    return archive


@dataclass(frozen=True)
class Source:
    """Digest of the image's source, and the path of its archive. If the digest is empty, no image is compared."""

    digest: str = ""
    archive: str = "image.tgz"


UNKNOWN = Source("digest")
"""Placeholder for a dry run outside of a clone."""


def of_clone(clone: Path, into: Path) -> Source:
    """The source of a clone. into: folder for its archive."""
    digest = _digest(clone)
    archive = into / f"image-{digest}.tgz"
    if not archive.exists():
        package(archive, clone)
    return Source(digest, str(archive))


def _digest(clone: Path) -> str:
    digest = hashlib.sha256()
    for path in files(clone):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(clone).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:LENGTH]


if __name__ == "__main__":
    sys.stdout.write(f"{package(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE)}\n")
