"""Checks of a home: what is found is said once, damage lasts until it is repaired, and a busy file is no damage."""

from collections.abc import Callable

import pytest

from tillstream.app import App
from tillstream.app.home_check import RESTORE_ADVICE, HomeCheck, HomePart
from tillstream.model.errors import DamagedFile, Rejected, Unavailable
from tillstream.ports.files import FileFinding, LostContent
from tillstream.records import losses


class File:
    """A part whose check raises or returns what a test sets."""

    error: Exception | None = None
    noticed: tuple[FileFinding, ...] = ()
    checks = 0

    def check(self) -> tuple[FileFinding, ...]:
        self.checks += 1
        if self.error:
            raise self.error
        return self.noticed


@pytest.fixture
def file() -> File:
    return File()


@pytest.fixture
def home(app: App, file: File) -> HomeCheck:
    return HomeCheck(app.ports, [HomePart("documents", "documents.sqlite", file.check)])


def opened(app: App) -> list[tuple[str, str]]:
    return [(one.loss.kind, one.loss.name) for one in losses.open_losses(app.ports)]


def test_damage_is_reported_once_and_lasts_until_the_file_is_whole(app: App, home: HomeCheck, file: File) -> None:
    file.error = DamagedFile("documents.sqlite is damaged.")
    assert home.run() == ["documents.sqlite is damaged."]
    assert home.run() == []
    assert home.broken == {"documents": "documents.sqlite is damaged."}
    assert opened(app) == [("state", "documents.sqlite")]
    file.error = None
    assert home.run() == []
    assert (home.broken, opened(app)) == ({}, [])


def test_a_busy_file_is_no_damage(app: App, home: HomeCheck, file: File) -> None:
    file.error = Unavailable("documents.sqlite cannot be used: database is locked.")
    assert (home.run(), home.broken, opened(app)) == ([], {}, [])


@pytest.mark.parametrize(("whole", "checks"), [(False, 1), (True, 2)])
def test_a_check_takes_its_share_of_the_time_unless_it_is_whole(
    home: HomeCheck, file: File, monkeypatch: pytest.MonkeyPatch, *, whole: bool, checks: int
) -> None:
    moments = iter(float(second) for second in range(10))
    monkeypatch.setattr("tillstream.app.home_check.time.monotonic", lambda: next(moments))
    home.run()
    home.run(whole=whole)
    assert file.checks == checks


@pytest.mark.parametrize(
    ("lost", "kind"), [(LostContent.SALES, "store-sales"), (LostContent.ORDER, "state"), (LostContent.STATE, "state")]
)
def test_what_may_be_lost_is_a_loss_of_its_kind(
    app: App, home: HomeCheck, file: File, lost: LostContent, kind: str
) -> None:
    file.noticed = (
        FileFinding("a file", "It was damaged.", "Send it again.", lost),
        FileFinding("another", "It was repaired."),
    )
    assert home.run() == ["It was damaged. Send it again.", "It was repaired."]
    assert opened(app) == [(kind, "a file")]


def test_a_part_can_be_added(home: HomeCheck) -> None:
    check: Callable[[], list[FileFinding]] = lambda: [FileFinding("server.json", "It is written again.")]  # noqa: E731
    home.add(HomePart("address", "server.json", check))
    assert home.run() == ["It is written again."]


def test_what_a_check_finds_lasts_until_it_is_found_no_more_also_after_another_start(
    app: App, home: HomeCheck, file: File
) -> None:
    lasts = FileFinding("documents.sqlite/one", "It is damaged.", "Copy it back.", LostContent.STATE)
    file.noticed = (lasts, FileFinding("once", "It was damaged.", "Send it again.", LostContent.STATE))
    assert home.run(whole=True) == ["It is damaged. Copy it back.", "It was damaged. Send it again."]
    assert home.run(whole=True) == ["It was damaged. Send it again."]
    assert home.damage(lasts.name) == "It is damaged. Copy it back."
    file.noticed = ()
    again = HomeCheck(app.ports, [HomePart("documents", "documents.sqlite", file.check)])
    assert again.run() == []
    assert opened(app) == [("state", "once")], "a person decides about what happened once"
    assert again.damage(lasts.name) == ""


def test_damage_without_a_remedy_of_its_own_gets_one(app: App, home: HomeCheck, file: File) -> None:
    for error, remedy in (
        (Rejected("It is no file."), RESTORE_ADVICE),
        (DamagedFile("It is damaged.", "Mend it."), "Mend it."),
    ):
        file.error = error
        home.run(whole=True)
        (one,) = losses.open_losses(app.ports)
        assert one.loss.remedy == remedy
