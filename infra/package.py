"""The deployable source of the functions, as `make package` builds it: `python -m infra.package [FOLDER]`.

It has `main.py`, the core next to it, and every dependency by version and hash.
"""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
PACKAGE = HERE / "build" / "functions"
LOCK = HERE / "infra" / "locks" / "functions.lock"
CORE = ("functions", "sql", "tillstream")


def package(folder: Path = PACKAGE) -> Path:
    """Build the folder from scratch; reproducible for the same clone."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for name in CORE:
        shutil.copytree(HERE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(HERE / "functions" / "main.py", folder / "main.py")
    shutil.copyfile(LOCK, folder / "requirements.txt")
    return folder


if __name__ == "__main__":
    sys.stdout.write(f"{package(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE)}\n")
