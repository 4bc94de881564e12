"""Exchange rates and messages that a replaced file of the home lost are loaded again if they survive, and reported."""

import shutil
from pathlib import Path

import pytest
from faults.damaged_home import Damage, Lived, live, opened, put_back, remove, swept

from examples import in_long_proofs
from tillstream.adapters.local.files import restore
from tillstream.adapters.local.files.home_folder import NOTED_QUEUE
from tillstream.adapters.local.sqlite.event_bus import ACCEPTED
from tillstream.analytics import reference
from tillstream.app import App
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.object_names import RATES_FOLDER
from tillstream.operations import maintenance_status
from tillstream.ports.bus import Message

LOADS = ("date,currency,rate\n2026-06-01,INR,99.5\n2026-06-02,INR,98.25\n", "date,currency,rate\n2026-06-02,INR,97\n")
LOADED = "SELECT per_euro FROM fx_rates WHERE rate_date >= DATE '2026-06-01' ORDER BY rate_date"
OLD_RATE = (
    "SELECT rate_date, currency, CAST(98 AS NUMERIC) AS per_euro FROM fx_rates WHERE rate_date = DATE '2026-06-02'"
)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    lived = live(tmp_path_factory.mktemp("company"))
    with opened(lived, lived.home) as app:
        for text in LOADS:
            reference.load_rates(app.ports, text, "rates.csv", "EUR", "asha")
        assert swept(app) == []
    return lived


@pytest.fixture
def home(lived: Lived, tmp_path: Path) -> Path:
    return Path(shutil.copytree(lived.home, tmp_path / "home"))


def loaded(app: App) -> list[float]:
    return [float(rate) for rate in app.ports.warehouse.query(LOADED).column("per_euro").to_pylist()]


@pytest.mark.parametrize("is_older", [True, *in_long_proofs(False)])
def test_lost_rates_are_loaded_again(lived: Lived, home: Path, *, is_older: bool) -> None:
    damage: Damage = put_back(lived.earlier[1]) if is_older else remove
    damage(home / "warehouse.duckdb")
    with opened(lived, home) as app:
        sentences = swept(app)
        assert "lacked 2 of its exchange rates" in sentences[0]
        assert loaded(app) == [99.5, 97]
    with opened(lived, home) as app:
        assert swept(app) == []


def test_a_replaced_rate_that_was_lost_is_loaded_again(lived: Lived, home: Path) -> None:
    """The number of rates is as before."""
    with opened(lived, home) as app:
        app.ports.warehouse.upsert("fx_rates", app.ports.warehouse.query(OLD_RATE), ["rate_date", "currency"])
    with opened(lived, home) as app:
        assert "lacked 1 of its exchange rates" in swept(app)[0]
        assert loaded(app) == [99.5, 97]


def test_rates_whose_files_are_lost_as_well_are_named(lived: Lived, home: Path) -> None:
    remove(home / "warehouse.duckdb")
    shutil.rmtree(home / "objects" / "inbox" / RATES_FOLDER)
    with opened(lived, home) as app:
        assert "lacks 2 of its exchange rates. Load their files again." in swept(app)[0]
    with opened(lived, home) as app:
        assert swept(app) == []


def test_older_records_do_not_change_loaded_rates(lived: Lived, home: Path) -> None:
    put_back(lived.earlier[1])(home / "documents.sqlite")
    with opened(lived, home) as app:
        assert not any("exchange rates" in sentence for sentence in swept(app))
        assert loaded(app) == [99.5, 97]


@pytest.mark.parametrize("copy", [1, *in_long_proofs(0)])
def test_an_older_queue_is_reported_once(lived: Lived, home: Path, copy: int) -> None:
    put_back(lived.earlier[copy])(home / "queue.sqlite")
    with opened(lived, home) as app:
        (sentence,) = swept(app)
        assert "queue.sqlite is an older copy: its last message is of " in sentence
        assert maintenance_status.last_repair(app.ports)[1] == [sentence]
    with opened(lived, home) as app:
        assert swept(app) == []


@pytest.mark.parametrize(
    ("with_accepted", "sentence"),
    [(True, "queue.sqlite is an older copy"), (False, "put back from accepted.log: 1. No accepted sale is lost.")],
)
def test_a_queue_that_is_copied_while_it_is_in_use_is_recognised_as_older(
    lived: Lived, home: Path, *, with_accepted: bool, sentence: str
) -> None:
    """A process that does not end noted the queue within the last minute."""
    with opened(lived, home) as app:
        swept(app)
    earlier = Path(shutil.copytree(home, home.with_name("earlier")))
    with opened(lived, home) as app:
        app.ports.clock.advance(300)  # type: ignore[attr-defined]
        app.ports.bus.publish(TOPIC_STORE_SALES, [Message(b"lost")])
        killed = Path(shutil.copytree(home, home.with_name("killed")))
    put_back(earlier)(killed / "queue.sqlite")
    if with_accepted:
        shutil.copyfile(earlier / ACCEPTED, killed / ACCEPTED)
    with opened(lived, killed) as app:
        assert sentence in swept(app)[0]


def test_a_restored_queue_is_not_an_older_copy(lived: Lived, home: Path, tmp_path: Path) -> None:
    """A backup copies the queue before the documents."""
    with opened(lived, home) as app:
        assert app.backup
        app.ports.documents.put(*NOTED_QUEUE, {"sequence": app.ports.clock.tick()})
        app.backup(str(tmp_path / "kept.tar"), lambda _: None)
    restored = tmp_path / "restored"
    restored.mkdir()
    restore.restore(restored, tmp_path / "kept.tar", "aside", replace=False)
    with opened(lived, restored) as app:
        assert app.notices == ()
