"""Any file of a home is torn, while the product is stopped or sells: nothing that was acknowledged is lost in silence.

The everyday test tears several files at once, and the long proof each file alone in each way, each time at one of
three moments. If one of the former fails, the long proof of its kinds (`-m long -k "KIND"`, with 0, 10 and 20 as
COMMIT) says which file it is.
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from faults.torn.acts import opened
from faults.torn.course import play
from faults.torn.judge import judge
from faults.torn.kinds import KINDS, Fate, Kind, files_by_kind, states_of
from faults.torn.play import Moment, NothingToTear, Torn
from faults.torn.shop import Shop, live_in
from faults.torn.tears import TEARS, Tear
from turns import in_turns

from tillstream.adapters.local.clock import ManualClock
from tillstream.app.local_recovery import restore_home
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet

PLAYS, TOGETHER = 4, 8
"""Everyday plays of a group of kinds, and the files that each tears besides one of a database."""
AGAIN = {3, 4, 7}
"""Plays whose kinds are all torn in other plays as well, though in other ways."""
SMALL = 3_000
"""Bytes that files of this company do not have, other than databases and Parquet files."""


@dataclass(frozen=True)
class Company:
    """paths: kind → one of its files. before: the receipts of the home when nothing is torn."""

    shop: Shop
    paths: Mapping[str, str]
    before: Sequence[dict[str, Any]]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("company")
    shop = live_in(folder)
    copied = Path(shutil.copytree(shop.stopped, folder / "copied"))
    app = opened(copied, ManualClock(shop.now))
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
    """Whether a kind can be torn so at a moment.

    The index of a log is mapped into the memory of a running server, which ends as by a kill if it is cut.
    """
    if tear.is_of_databases and (not kind.is_database or kind.is_log):
        return False
    if tear.needs_older and not kind.is_rewritten:
        return False
    if kind.name == "pack of store sales" and tear.name == "flip head":
        return False  # a field of the archive that nobody reads: every original in it keeps its hash
    if tear.needs > SMALL and not (kind.is_database or kind.is_parquet):
        return False
    return not (kind.is_log and moment is Moment.STOPPED) and not (kind.is_index and moment is Moment.SELLING)


def cases() -> Iterator[tuple[Kind, Tear, Moment]]:
    """Each kind in each way at one of the moments, at another with each commit.

    After a stop only databases: other files are then the same as after a kill.
    """
    for kind, tear, moment in in_turns(3, KINDS, TEARS, list(Moment)):
        if (kind.is_database or moment is not Moment.STOPPED) and fits(kind, tear, moment):
            yield kind, tear, moment


def everyday(seed: int = 7) -> Iterator[tuple[Moment, dict[Kind, Tear]]]:
    """Plays in which each kind is torn some times, each time in another way.

    Apart are what is not lost, originals, and the databases that say what became of these: of two copies one is whole.
    """
    rng = Random(seed)
    lost = [kind for kind in KINDS if kind.fate is Fate.NAMED]
    groups = (
        [kind for kind in KINDS if kind.fate is not Fate.NAMED],
        [kind for kind in lost if kind.is_kept],
        [kind for kind in lost if not kind.is_kept],
    )
    for kinds in groups:
        fitting = {kind: [tear for tear in TEARS if fits(kind, tear, Moment.KILLED)] for kind in kinds}
        samples = {kind: rng.sample(tears, len(tears)) for kind, tears in fitting.items()}
        torn = Counter[Kind]()
        for number in range(PLAYS):
            moment = list(Moment)[number % 3]
            possible = [
                kind for kind in sorted(kinds, key=lambda one: torn[one]) if fits(kind, samples[kind][0], moment)
            ]
            databases = [kind for kind in possible if kind.is_database]
            chosen = [*databases[:1], *[kind for kind in possible if not kind.is_database][:TOGETHER]]
            torn.update(chosen)
            yield moment, {kind: samples[kind].pop(0) for kind in chosen}


def name_of(value: object) -> str:
    """The name of a kind, a tear or a moment in that of a test."""
    return str(getattr(value, "name", value)).lower().replace(" ", "-")


@pytest.mark.parametrize("playing", Moment, indirect=True)
def test_a_whole_home_counts_everything_without_a_notice(playing: Torn, company: Company) -> None:
    play(playing, {})
    assert (playing.missing(), playing.sentences, playing.is_green()) == ([], [], True)


@pytest.mark.parametrize(
    ("playing", "tears"),
    [
        pytest.param(*one, id=str(number), marks=pytest.mark.long if number in AGAIN else ())
        for number, one in enumerate(everyday())
    ],
    indirect=["playing"],
)
def test_several_torn_files_are_repaired_or_named(playing: Torn, company: Company, tears: dict[Kind, Tear]) -> None:
    play(playing, {company.paths[kind.name]: tear for kind, tear in tears.items()})
    judge(playing, list(tears), company.before)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "tear", "playing"),
    list(cases()),
    indirect=["playing"],
    ids=name_of,
)
def test_each_torn_file_is_repaired_or_named(playing: Torn, company: Company, kind: Kind, tear: Tear) -> None:
    try:
        play(playing, {company.paths[kind.name]: tear})
    except NothingToTear:
        pytest.skip("the file is too small, or has no older copy")
    judge(playing, [kind], company.before)


@pytest.mark.parametrize("playing", [Moment.STOPPED], indirect=True)
def test_a_restored_backup_gives_back_a_home_of_which_all_is_torn(playing: Torn, tmp_path: Path) -> None:
    playing.start()
    backup = str(tmp_path / "backup.tar")
    COMMANDS["backup"](playing.app, quiet, out=backup)
    playing.stop()
    for file in [path for path in playing.home.rglob("*") if path.is_file()]:
        file.write_bytes(b"torn")
    restore_home(playing.app.settings, Path(backup), replace=True)
    play(playing, {})
    assert (playing.missing(), playing.lacks()) == ([], [])


def test_plays_that_are_left_to_the_long_proofs_tear_no_kind_alone() -> None:
    plays = [{kind.name for kind in tears} for _, tears in everyday()]
    each_day = [torn for number, torn in enumerate(plays) if number not in AGAIN]
    assert set().union(*each_day) == set().union(*plays)


def test_every_kind_has_a_file(company: Company) -> None:
    """A kind without a file is never torn: let the company of `shop.py` make one, or remove the kind."""
    assert {kind.name for kind in KINDS} == company.paths.keys()
