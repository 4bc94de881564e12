"""Make the kept home of the present version: `python -m tests.golden.make_home` writes tests/golden/homes/VERSION."""

import json
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.golden.answers import home_answers
from tests.golden.sample_home import home_at, live, run
from tillstream import __version__
from tillstream.model.tables.warehouse_tables import SCHEMA

HOMES = Path(__file__).with_name("homes")
OUT = {"owner.lock", "turnstile.lock", "server.json"}
README = """# A home of version {version}

Made by `python -m tests.golden.make_home` with Tillstream {version}; its warehouse has schema {schema}.

| file | what it is |
| --- | --- |
| `home.tar.xz` | the folder that `TILLSTREAM_HOME` named |
| `backup.tar.xz` | what `tillstream backup` wrote of it, compressed |
| `expected.json` | what its commands answered |

`tests/golden/test_homes.py` opens both with the present code. These files never change: every later version must open
them. The people and passwords in it are made up.
"""


def make(folder: Path) -> None:
    """Write home, backup, expected answers and README into the folder."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        home = work / "home"
        live(home, work)
        with home_at(home):
            assert run("rebuild", "--check")[1]["differences"] == []
            expected = {"version": __version__, "schema": SCHEMA, "told": home_answers()}
            assert run("backup", str(work / "backup.tar"))[0] == 0
        with tarfile.open(folder / "home.tar.xz", "w:xz", preset=9) as archive:
            archive.add(home, "home", filter=_nameless)
        with tarfile.open(folder / "backup.tar.xz", "w:xz", preset=9) as archive:
            archive.add(work / "backup.tar", "backup.tar", filter=_nameless)
    text = json.dumps(expected, indent=1, ensure_ascii=False)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8")
    (folder / "README.md").write_text(README.format(version=__version__, schema=SCHEMA), encoding="utf-8")


def _nameless(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Without locks, and without the names of this machine's people."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return None if Path(member.name).name in OUT else member


def main() -> int:
    folder = HOMES / __version__
    if folder.exists():
        print(f"{folder.name} has its home already; it never changes. Raise the version, or remove the folder first.")
        return 1
    folder.mkdir(parents=True)
    try:
        make(folder)
    except BaseException:
        shutil.rmtree(folder)
        raise
    print(f"{folder.name}: {sum(path.stat().st_size for path in folder.iterdir()) // 1024} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
