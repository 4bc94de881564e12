"""A backup and its way back: complete, checked before anything is put in place, and safe from a kill at any line."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from threads import join_thread

from examples import in_long_proofs
from tests.e2e.conftest import Once, Run, RunText
from tillstream.app import build
from tillstream.app.local import local_home_folder
from tillstream.contracts import source_settings
from tillstream.settings import Settings

HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)
SOURCES = str(Path(__file__).resolve().parents[2])


def sales(path: Path, *amounts: str, prefix: str = "A") -> str:
    rows = [
        f"{prefix}{number},1,03-06-2026 10:15,MUM01,S1,C1,Asha Rao,P1,Kettle,Kitchen,store,Completed,1,{amount},0.00,"
        f"{amount},18.00,118.00,"
        for number, amount in enumerate(amounts)
    ]
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return str(path)


@pytest.fixture
def archive(tmp_path: Path, run: Run, once: Once[None]) -> Path:
    """A backup of a home with two files, one corrected by the other."""

    def back_up() -> None:
        assert run("ingest", sales(tmp_path / "one.csv", "100.00", "5.00"), "--region", "IN")[0] == 0
        assert run("ingest", sales(tmp_path / "two.csv", "120.00"), "--region", "IN")[0] == 0
        code, result = run("backup", str(tmp_path / "copy.tar"))
        assert code == 0
        assert result["files"] > 5

    once(back_up)
    return tmp_path / "copy.tar"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Another home for the commands that follow."""

    def move(name: str) -> Path:
        monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path / name))
        return tmp_path / name

    return move


def kpis(run: Run) -> dict[str, Any]:
    row: dict[str, Any] = run("query", "kpis")[1]["rows"][0]
    return row


def test_what_was_backed_up_comes_back_and_settles_to_the_same(
    archive: Path, run: Run, elsewhere: Callable[[str], Path]
) -> None:
    before, receipts = kpis(run), run("receipts")[1]
    elsewhere("new")
    code, result = run("restore", str(archive))
    assert code == 0
    assert result["set_aside"] == ""
    assert kpis(run) == before
    assert run("receipts")[1] == receipts
    for way in ("--check", "--from-originals"):
        code, report = run("rebuild", way)
        assert (code, report["differences"]) == (0, [])


def test_the_setting_of_a_data_source_comes_back(
    home: Path, tmp_path: Path, run: Run, elsewhere: Callable[[str], Path]
) -> None:
    app = build(Settings(home=home, samples=False, threads=1))
    source_settings.save_import_setting(app.ports, "IN", without_preview=True, by="asha")
    app.close()
    assert run("backup", str(tmp_path / "set.tar"))[0] == 0
    restored = elsewhere("set")
    assert run("restore", str(tmp_path / "set.tar"))[0] == 0
    app = build(Settings(home=restored, samples=False, threads=1))
    assert source_settings.import_setting_of_source(app.ports, "IN").without_preview
    app.close()


@pytest.mark.filterwarnings("ignore:Requested Holidays")  # India's are defined for some years only; sweep requests more
def test_a_backup_made_beside_work_is_of_one_moment(
    tmp_path: Path, home: Path, run: Run, elsewhere: Callable[[str], Path]
) -> None:
    app = build(Settings(home=home, samples=False, threads=1))
    stop = threading.Event()

    def work() -> None:
        from tillstream.commands import ingest
        from tillstream.commands.result import quiet

        for number in range(200):
            if stop.is_set():
                return
            file = sales(tmp_path / f"{number}.csv", "1.00", "2.00", prefix=f"N{number}-")
            ingest.ingest(app, quiet, files=[file], contract="IN")

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    assert app.backup is not None
    for number in range(3):
        app.backup(str(tmp_path / f"{number}.tar"), lambda _: None)
    stop.set()
    join_thread(worker)
    app.close()
    elsewhere("new")
    assert run("restore", str(tmp_path / "2.tar"))[0] == 0
    assert run("sweep")[0] == 0
    lines = kpis(run)["lines"]
    assert lines > 0
    assert lines % 2 == 0, "a file is there whole or not at all"
    assert run("rebuild", "--check")[1]["differences"] == []


def test_nothing_is_written_over(archive: Path, run_text: RunText) -> None:
    before = archive.read_bytes()
    code, words = run_text("backup", str(archive))
    assert code == 1
    assert "already exists" in words
    assert archive.read_bytes() == before


def test_only_its_owner_may_read_a_backup(archive: Path) -> None:
    if os.name == "nt":
        pytest.skip("Windows keeps such rights otherwise")
    assert archive.stat().st_mode & 0o077 == 0


def test_a_folder_with_data_is_replaced_only_with_its_option(
    archive: Path, home: Path, run: Run, run_text: RunText
) -> None:
    before = kpis(run)
    code, words = run_text("restore", str(archive))
    assert code == 1
    assert "is not empty" in words
    assert "--replace" in words
    run("ingest", sales(home.parent / "three.csv", "7.00", prefix="Z"), "--region", "IN")
    assert kpis(run)["lines"] == before["lines"] + 1
    code, result = run("restore", str(archive), "--replace")
    assert code == 0
    assert kpis(run) == before
    assert (Path(result["set_aside"]) / "warehouse.duckdb").exists()


def test_a_folder_in_use_is_left_alone(
    archive: Path, home: Path, run_text: RunText, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tillstream.commands.backups.TURN", 0.1)
    with local_home_folder(Settings(home=home)).own():
        code, words = run_text("restore", str(archive), "--replace")
    assert code == 1
    assert "Stop its server" in words


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes) -> bytes:
    place = data.index(b"warehouse.duckdb") + 5000
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _without_its_list(data: bytes) -> bytes:
    return data[: data.index(b"manifest.jsonl\0")] + b"\0" * 10240


@pytest.mark.parametrize("harm", [_cut, _flipped, _without_its_list, lambda _: b"no archive", lambda _: b""])
def test_a_damaged_archive_is_refused_before_anything_is_put_in_place(
    archive: Path, run_text: RunText, elsewhere: Callable[[str], Path], harm: Callable[[bytes], bytes]
) -> None:
    archive.write_bytes(harm(archive.read_bytes()))
    new = elsewhere("new")
    code, words = run_text("restore", str(archive))
    assert code == 1
    assert "archive" in words
    assert "Traceback" not in words
    assert {path.name for path in new.iterdir()} <= {"owner.lock", "turnstile.lock"}


@pytest.mark.parametrize("name", ["../evil", "/evil", "objects/../../evil", "server.json", "evil", "objects\\..\\evil"])
def test_an_archive_cannot_write_outside_the_folder(
    archive: Path, run_text: RunText, elsewhere: Callable[[str], Path], name: str
) -> None:
    with tarfile.open(archive) as good:
        head = good.extractfile("backup.json")
        assert head
        content = head.read()
    with tarfile.open(archive, "w") as bad:
        for each, data in (("backup.json", content), (name, b"x"), ("manifest.jsonl", b"")):
            member = tarfile.TarInfo(each)
            member.size = len(data)
            bad.addfile(member, io.BytesIO(data))
    new = elsewhere("new")
    code, words = run_text("restore", str(archive))
    assert code == 1
    assert "which is not part of a backup" in words
    assert not list(new.parent.rglob("*evil*"))


DYING = """
import os, signal, sys
from pathlib import Path
from tillstream.cli.main import main
{setup}
main(sys.argv[1:])
"""
IN_BACKUP = """
from tillstream.adapters.local.files import backup
backup.check_archive = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""
IN_RESTORE = """
left, rename = [{count}], Path.rename
def dying(self, target):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)
Path.rename = dying
"""


def killed(setup: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DYING.format(setup=setup), *arguments],
        cwd=SOURCES,
        env=dict(os.environ),
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.system
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_backup_leaves_no_archive_and_the_next_one_is_whole(tmp_path: Path, archive: Path, run: Run) -> None:
    out = tmp_path / "killed.tar"
    killed(IN_BACKUP, "backup", str(out))
    assert not out.exists()
    assert run("backup", str(out))[0] == 0
    assert not list(tmp_path.rglob("*.partial"))
    assert not list(tmp_path.rglob("backup.tmp"))


@pytest.mark.system
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("count", [2, 7, *in_long_proofs(1, 4)])
def test_a_killed_restore_is_either_not_begun_or_ended_by_the_next_start(
    archive: Path, home: Path, run: Run, count: int
) -> None:
    before = kpis(run)
    run("ingest", sales(home.parent / "three.csv", "7.00", prefix="Z"), "--region", "IN")
    more = kpis(run)
    killed(IN_RESTORE.format(count=count), "restore", str(archive), "--replace")
    assert kpis(run) == (more if count == 1 else before)
    assert run("rebuild", "--check")[1]["differences"] == []
    assert json.dumps(run("receipts")[1])


def test_on_a_project_a_backup_is_a_folder_of_a_bucket(
    run_text: RunText, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "any.tar").write_bytes(b"")
    monkeypatch.setenv("TILLSTREAM_PROJECT", "shop")
    code, words = run_text("restore", str(tmp_path / "any.tar"))
    assert code == 1
    assert "gs://BUCKET/FOLDER" in words
    assert not home.exists()
    code, words = run_text("backup", str(tmp_path / "other.tar"))
    assert (code, home.exists()) == (1, False)
    assert "gs://BUCKET/FOLDER" in words
    monkeypatch.delenv("TILLSTREAM_PROJECT")
    for command in ("backup", "restore"):
        code, words = run_text(command, "gs://bucket/folder")
        assert code == 1
        assert "TILLSTREAM_PROJECT" in words
