"""Copies and restored states of an outbox are recognised; what they send again has the same ID and counts once."""

import shutil
from pathlib import Path

import pytest
from store_server import SOLD_ON, Store, sale

from tillstream_till import Till
from tillstream_till.errors import CannotClose


def codes(till: Till) -> list[str]:
    return [notice["code"] for notice in till.status(refresh=False)["notices"]]


def epoch(till: Till) -> str:
    return str(till.status(refresh=False)["epoch"])


def test_opening_again_is_no_copy(till: Till, folder: Path) -> None:
    till.record(sale(1))
    till.send()
    before = epoch(till)
    with Till.open(folder) as again:
        assert epoch(again) == before
        assert codes(again) == []


def test_a_copied_folder_gets_an_epoch_of_its_own(till: Till, store: Store, folder: Path) -> None:
    till.record_all([sale(1), sale(2)])
    shutil.copytree(folder, folder.with_name("copy"))
    with Till.open(folder.with_name("copy")) as copy:
        assert codes(copy) == ["outbox-copied"]
        assert epoch(copy) != epoch(till)
        copy.record(sale("copy"))
        till.record(sale("original"))
        copy.send()
        till.send()
    assert store.reused == []
    assert sorted(store.sales) == ["1", "2", "copy", "original"]


def restore_by_replacing(backup: Path, outbox: Path) -> None:
    shutil.copy(backup, backup.with_name("restored"))
    backup.with_name("restored").replace(outbox)


@pytest.mark.parametrize("restore", [restore_by_replacing, shutil.copy])
def test_a_restored_state_is_recognised(
    till: Till, store: Store, folder: Path, tmp_path: Path, restore: object
) -> None:
    outbox, backup = folder / "outbox.sqlite", tmp_path / "backup"
    till.record(sale(1))
    shutil.copy(outbox, backup)
    till.record(sale(2))
    till.send()
    till.close()
    restore(backup, outbox)  # type: ignore[operator]
    with Till.open(folder) as restored:
        assert codes(restored) == ["outbox-copied"]
        restored.record(sale(3))
        assert restored.send().sent == 2
        with pytest.raises(CannotClose, match="may lack sales"):
            restored.close_day(SOLD_ON)
        assert restored.close_day(SOLD_ON, accept_gaps=True).position
    assert store.reused == []
    assert list(store.sales) == ["1", "2", "3"]


def test_a_state_restored_under_a_running_till_is_recognised(till: Till, store: Store, folder: Path) -> None:
    outbox, backup = folder / "outbox.sqlite", folder / "backup"
    till.record(sale(1))
    shutil.copy(outbox, backup)
    till.record(sale(2))
    till.send()
    restore_by_replacing(backup, outbox)
    till.record(sale(3))
    assert codes(till) == ["outbox-copied"]
    till.send()
    assert store.reused == []
    assert list(store.sales) == ["1", "2", "3"]


def test_the_server_recognises_a_machine_that_was_restored_whole(
    till: Till, store: Store, folder: Path, markers: Path, tmp_path: Path
) -> None:
    store.states_last_sequence = True
    till.record(sale(1))
    till.send()
    outbox = folder / "outbox.sqlite"
    marker = next(markers.glob("*.json"))
    kept = outbox.read_bytes(), marker.read_bytes()
    till.record_all(sale(number) for number in (2, 3, 4))
    till.send()
    till.close()
    with outbox.open("r+b") as stream:  # the same file as before, as in a snapshot of a machine
        stream.write(kept[0])
        stream.truncate(len(kept[0]))
    marker.write_bytes(kept[1])
    with Till.open(folder) as restored:
        assert codes(restored) == []
        restored.record(sale(5))
        restored.send()
        assert codes(restored) == ["outbox-copied"]
        restored.record(sale(6))
        restored.send()
    assert len(store.reused) == 1
    assert list(store.sales) == ["1", "2", "3", "4", "5", "6"]


def test_an_outbox_that_is_missing_is_stated(till: Till, folder: Path) -> None:
    till.record(sale(1))
    till.close()
    (folder / "outbox.sqlite").unlink()
    with Till.open(folder) as new:
        assert codes(new) == ["outbox-missing"]
        with pytest.raises(CannotClose):
            new.close_day(SOLD_ON)
