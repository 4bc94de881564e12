"""The source of the image, identified by a digest of its files."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from infra import package

LENGTH = 16


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
        package.package(archive, clone)
    return Source(digest, str(archive))


def _digest(clone: Path) -> str:
    digest = hashlib.sha256()
    for path in package.files(clone):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(clone).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:LENGTH]
