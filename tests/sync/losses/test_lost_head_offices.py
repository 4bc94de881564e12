"""A head office that lost what it had: it was put back from a copy, or is a new one at the same address."""

import shutil
from pathlib import Path

import pytest
from stateful.steps import like, upload_rows
from sync.test_two_homes import restored, saved
from sync.two_homes import NAME, SOURCE, Pair, head_office

from tillstream.sync import home_identity, homes


def put_back(two: Pair, folder: Path, copy: Path | None) -> None:
    """Put a copy of the folder of the head office back; None: a new head office."""
    two.office.close()
    shutil.rmtree(folder)
    if copy:
        shutil.copytree(copy, folder)
    two.office = head_office(folder, two.clock)
    if not copy:
        homes.add_home(two.office.ports, NAME, home_identity.get_identity(two.home.plain.ports).public_key, "owner")


def sell(two: Pair, *numbers: str) -> None:
    for number in numbers:
        upload_rows(two.home, SOURCE, like(number=number))
    two.check_agreement(two.sync())


@pytest.mark.parametrize("is_new", [True, False])
def test_a_home_that_was_restored_before_sends_everything_that_a_head_office_lost(
    two: Pair, tmp_path: Path, is_new: bool
) -> None:
    copy = None if is_new else tmp_path / "copy-office"
    sell(two, "1")
    if copy:
        two.office.close()
        shutil.copytree(tmp_path / "office", copy)
        two.office = head_office(tmp_path / "office", two.clock)
    sell(two, "2")
    saved(two, tmp_path / "copy")
    sell(two, "3")
    restored(two, tmp_path / "copy")
    sell(two, "4")
    assert home_identity.get_identity(two.home.plain.ports).epoch == 2
    sell(two, "5")
    put_back(two, tmp_path / "office", copy)
    sell(two, "6")


def test_after_a_restore_of_the_home_only_what_is_new_is_sent(two: Pair, tmp_path: Path) -> None:
    sell(two, "1", "2")
    saved(two, tmp_path / "copy")
    sell(two, "3")
    restored(two, tmp_path / "copy")
    upload_rows(two.home, SOURCE, like(number="4"))
    result = two.sync()
    two.check_agreement(result)
    assert (result.entries, result.recovered) == (2, 1)
    assert homes.get_home(two.office.ports, NAME).epoch == 2
