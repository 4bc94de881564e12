"""A backup says what in it is not whole, a restore refuses it by name, and a rebuild says what it could not read."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from faults.objects.damaged_objects import flip, lines, original_of, staged, staged_file

from examples import in_long_proofs
from tillstream.app import App
from tillstream.app.local_recovery import restore_home
from tillstream.cli.main import main
from tillstream.commands.declaration import show_answer
from tillstream.commands.maintenance import show_rebuilt
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import DONE, FAILED, quiet
from tillstream.model.batch import Batch
from tillstream.model.errors import Rejected
from tillstream.pipeline.settling import settle
from tillstream.records import batch_records, losses
from tillstream.records.losses import Resolution
from tillstream.settings import Settings


@pytest.fixture
def batches(app: App) -> list[Batch]:
    files = [staged(app, 1), staged(app, 2)]
    settle.settle_all(app.ports, app.contracts)
    return [batch_records.get_batch(app.ports, one.batch_id) for one in files]


def back_up(app: App, out: Path) -> tuple[int, list[str]]:
    result = COMMANDS["backup"](app, quiet, out=str(out))
    return result.code, result.data["damaged"]


def test_a_backup_compares_the_originals_with_what_was_received(app: App, batches: list[Batch], tmp_path: Path) -> None:
    assert back_up(app, tmp_path / "good.tar") == (DONE, [])
    flip(original_of(app, batches[0]), 90)
    code, (sentence,) = back_up(app, tmp_path / "bad.tar")
    assert code == FAILED
    assert "file-1.csv" in sentence
    assert [one.loss.batch for one in losses.open_losses(app.ports)] == [batches[0].batch_id]


def test_a_restore_refuses_damaged_originals_by_name_unless_the_rest_is_wanted(
    app: App, batches: list[Batch], tmp_path: Path
) -> None:
    flip(original_of(app, batches[0]), 90)
    back_up(app, tmp_path / "bad.tar")
    settings = Settings(home=tmp_path / "restored", samples=False, threads=1)
    with pytest.raises(Rejected, match=r"(?s)--without-damaged.*file-1\.csv") as refused:
        restore_home(settings, tmp_path / "bad.tar", replace=False)
    assert "file-2.csv" not in str(refused.value)
    assert list(settings.home.glob("*.sqlite")) == []
    report = restore_home(settings, tmp_path / "bad.tar", replace=False, without_damaged=True)
    assert len(report["damaged"]) == 1
    (record,) = losses.open_losses(app.ports)
    losses.resolve_loss(app.ports, record.id, Resolution.ACCEPTED, "A test file.", by="ana")
    assert back_up(app, tmp_path / "accepted.tar") == (DONE, [])
    other = settings.model_copy(update={"home": tmp_path / "other"})
    assert restore_home(other, tmp_path / "accepted.tar", replace=False)["damaged"] == []


def test_an_archive_in_which_a_byte_changed_is_refused_by_name_and_the_rest_can_be_restored(
    app: App, batches: list[Batch], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "kept.tar"
    back_up(app, archive)
    content = original_of(app, batches[0]).read_bytes()
    data = archive.read_bytes()
    assert data.count(content) == 1
    archive.write_bytes(data.replace(content, content.replace(b"2.50", b"2.60")))
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path / "restored"))
    refused = CliRunner().invoke(main, ["restore", str(archive)])
    assert refused.exit_code == 1
    assert "1 file in the archive changed since it was written" in refused.output
    assert original_of(app, batches[0]).name in refused.output
    restored = CliRunner().invoke(main, ["restore", str(archive), "--without-damaged"])
    assert restored.exit_code == 0, restored.output
    assert "Left out, because it is damaged in the backup: objects/inbox/" in restored.output
    swept = CliRunner().invoke(main, ["sweep"])
    assert "The kept original" in swept.output
    assert "is missing" in swept.output
    assert "1 loss is open: run `tillstream losses`." in swept.output
    assert "2 lines in the numbers" in CliRunner().invoke(main, ["status"]).output
    listed = CliRunner().invoke(main, ["losses"])
    assert (listed.exit_code, "file-1.csv" in listed.output) == (1, True)


def test_a_rebuild_is_not_identical_over_what_it_could_not_read(
    app: App, batches: list[Batch], capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = staged(app, 3)
    flip(staged_file(app, waiting), 120)
    checked = COMMANDS["rebuild"](app, quiet)
    assert (checked.code, checked.data["differences"]) == (FAILED, [])
    assert "file-3.csv" in checked.data["unread"][0]
    flip(original_of(app, batches[0]), 90)
    again = COMMANDS["rebuild"](app, quiet, originals=True)
    assert (again.code, again.data["differences"]) == (FAILED, [])
    assert [one for one in again.data["unread"] if "file-1.csv" in one]
    assert not [one for one in again.data["unread"] if "file-2.csv" in one]
    show_answer(show_rebuilt, again.data)
    assert "identical, apart from what could not be read" in capsys.readouterr().out
    assert lines(app) == 2


@pytest.mark.parametrize("damage", ["flipped", *in_long_proofs("removed")])
def test_what_is_lost_is_put_back_from_a_backup(app: App, batches: list[Batch], tmp_path: Path, damage: str) -> None:
    back_up(app, tmp_path / "good.tar")
    path = original_of(app, batches[0])
    kept = path.read_bytes()
    if damage == "removed":
        path.unlink()
    else:
        flip(path, 90)
    assert COMMANDS["sweep"](app, quiet).data["repaired"]
    (record,) = losses.open_losses(app.ports)
    restored = COMMANDS["losses-restore"](app, quiet, archive=str(tmp_path / "good.tar"))
    assert (restored.code, [one["id"] for one in restored.data]) == (DONE, [record.id])
    assert path.read_bytes() == kept
    assert losses.open_losses(app.ports) == []
    assert (app.settings.home / "damaged-objects").exists() == (damage == "flipped")


def test_a_backup_with_the_same_damage_changes_nothing(app: App, batches: list[Batch], tmp_path: Path) -> None:
    path = original_of(app, batches[0])
    flip(path, 90)
    back_up(app, tmp_path / "bad.tar")
    damaged = path.read_bytes()
    restored = COMMANDS["losses-restore"](app, quiet, archive=str(tmp_path / "bad.tar"))
    assert (restored.code, restored.data, path.read_bytes()) == (FAILED, [], damaged)
