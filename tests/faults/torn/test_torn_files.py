"""Any file of a home is torn, while the product is stopped or sells: nothing that was acknowledged is lost in silence.

The everyday test tears several files at once, and the long proof each file alone in each way. If one of the former
fails, the long proof of its kinds (`-m long -k "KIND"`) says which file it is.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from faults.torn.judge import judge
from faults.torn.kinds import KINDS, Fate, Kind, files_by_kind, states_of
from faults.torn.play import Moment, NothingToTear, Torn, play
from faults.torn.shop import Shop, found, opened
from faults.torn.tears import TEARS, Tear

from tillstream.adapters.local.clock import ManualClock

PLAYS = 12
"""Everyday plays; each tears one file of a database and some others."""


@dataclass(frozen=True)
class Company:
    """paths: kind → one of its files. before: the receipts of the home when nothing is torn."""

    shop: Shop
    paths: Mapping[str, str]
    before: Sequence[dict[str, Any]]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("company")
    shop = found(folder)
    looked_at = Path(shutil.copytree(shop.stopped, folder / "looked-at"))
    app = opened(looked_at, ManualClock(shop.now))
    states = states_of(app)
    app.close()
    torn = Torn(shop, folder / "whole", Moment.STOPPED)
    torn.start()
    before = torn.receipts()
    torn.stop()
    paths: dict[str, str] = {}
    for home in (shop.killed, shop.stopped):
        for kind, files in files_by_kind(home, states).items():
            if files:
                paths.setdefault(kind, files[0])
    return Company(shop, paths, before)


@pytest.fixture
def playing(company: Company, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Torn]:
    torn = Torn(company.shop, tmp_path, request.param)
    yield torn
    torn.stop()


def fits(kind: Kind, tear: Tear, moment: Moment) -> bool:
    """Whether a kind can be torn so at a moment. Files without a log are the same after a kill as after a stop.

    The index of a log is mapped into the memory of a running server, which ends as by a kill if it is cut.
    """
    if not kind.is_database:
        return moment is not Moment.STOPPED and not tear.is_of_databases
    is_log = "log" in kind.name
    return not (is_log and (moment is Moment.STOPPED or tear.is_of_databases)) and not (
        kind.name.startswith("index") and moment is Moment.SELLING
    )


def everyday() -> Iterator[tuple[Moment, dict[Kind, Tear]]]:
    """Plays in which each kind is torn several times, each time in another way; what is not lost is apart."""
    for fates in ({Fate.HARMLESS, Fate.REPAIRED}, {Fate.NAMED}):
        kinds = [kind for kind in KINDS if kind.fate in fates]
        databases, others = [one for one in kinds if one.is_database], [one for one in kinds if not one.is_database]
        each = PLAYS // 2
        most = -(-3 * len(others) // each)
        for number in range(each):
            moment = (Moment.KILLED, Moment.SELLING)[number % 2]
            chosen = [others[(number * most + place) % len(others)] for place in range(most)]
            chosen.insert(0, databases[number % len(databases)])
            turn = {kind: (number * 5 + KINDS.index(kind)) % len(TEARS) for kind in chosen}
            yield moment, {kind: TEARS[turn[kind]] for kind in chosen if fits(kind, TEARS[turn[kind]], moment)}


def name_of(value: object) -> str:
    """The name of a kind, a tear or a moment in that of a test."""
    return str(getattr(value, "name", value)).lower().replace(" ", "-")


@pytest.mark.parametrize("playing", Moment, indirect=True)
def test_a_whole_home_counts_everything_and_says_nothing(playing: Torn, company: Company) -> None:
    play(playing, {})
    assert (playing.missing(), playing.said, playing.is_green()) == ([], [], True)


@pytest.mark.parametrize(
    ("playing", "tears"), [pytest.param(*one, id=str(number)) for number, one in enumerate(everyday())],
    indirect=["playing"],
)  # fmt: skip
def test_several_torn_files_are_repaired_or_named(playing: Torn, company: Company, tears: dict[Kind, Tear]) -> None:
    play(playing, {company.paths[kind.name]: tear for kind, tear in tears.items()})
    judge(playing, list(tears), company.before)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "tear", "playing"),
    [(kind, tear, moment) for kind in KINDS for tear in TEARS for moment in Moment if fits(kind, tear, moment)],
    indirect=["playing"],
    ids=name_of,
)
def test_each_torn_file_is_repaired_or_named(playing: Torn, company: Company, kind: Kind, tear: Tear) -> None:
    try:
        play(playing, {company.paths[kind.name]: tear})
    except NothingToTear:
        pytest.skip("the file is too small, or has no older copy")
    judge(playing, [kind], company.before)


def test_every_kind_has_a_file(company: Company) -> None:
    """A kind without a file is never torn: let the company of `shop.py` make one, or remove the kind."""
    assert {kind.name for kind in KINDS} == company.paths.keys()
