"""The source of the image: one archive with what the image is built from, the same bytes for the same clone."""

import tarfile
from pathlib import Path

from infra import source
from infra.source import CLONE, CONTENT, package


def test_the_archive_is_reproducible_and_contains_what_the_build_copies(tmp_path: Path) -> None:
    first, second = package(tmp_path / "a.tgz"), package(tmp_path / "b.tgz")
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as archive:
        names = archive.getnames()
    assert {"Dockerfile", "functions/main.py", "portal/wsgi.py", "sql/ledger/receipts.sql"} <= set(names)
    assert {name.partition("/")[0] for name in names} == {name.partition("/")[0] for name in CONTENT}
    assert not [name for name in names if "__pycache__" in name]
    lines = (CLONE / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in lines if line.startswith("!")} == set(CONTENT) - {"Dockerfile"}


def test_any_change_of_a_file_is_another_image(tmp_path: Path) -> None:
    clone, work = tmp_path / "clone", tmp_path / "work"
    for name in ("functions/main.py", "portal/wsgi.py"):
        path = clone / name
        path.parent.mkdir(parents=True)
        path.write_text("pass\n", encoding="utf-8")
    before = source.of_clone(clone, work)
    assert Path(before.archive).is_file()
    assert source.of_clone(clone, work) == before
    (clone / "functions" / "main.py").write_text("...\n", encoding="utf-8")
    assert source.of_clone(clone, work).digest != before.digest
