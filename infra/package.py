"""The source of the image as one archive: `python -m infra.package [FILE]`, which `make package` runs.

The deploy sends such an archive to Cloud Build. It is reproducible: the same clone gives the same bytes.
"""

import gzip
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]
PACKAGE = CLONE / "build" / "image.tgz"
CONTENT = (
    *("Dockerfile", "infra/locks/image.lock", "pyproject.toml", "README.md", "LICENSE"),
    *("sql", "looker", "infra", "functions", "portal", "tillstream", "till"),
)
"""Files and folders of a clone from which the image is built."""


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


if __name__ == "__main__":
    sys.stdout.write(f"{package(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE)}\n")
