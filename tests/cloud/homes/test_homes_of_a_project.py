"""A home on one machine syncs to a project on emulators, over HTTP to its portal and by its function `homes`."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from stateful.on_google import project
from stateful.sources import Fix
from stateful.steps import fix, like, process, upload_rows
from stateful.system import running_system
from sync import stock_acts
from sync.project.office_by_function import by_function
from sync.test_rates_of_homes import load_rates, rate_of
from sync.test_reference_of_homes import name_of, put
from sync.two_homes import NAME, SOURCE, Connected, Pair, check_stock

from tillstream.adapters.local.clock import ManualClock
from tillstream.analytics import reference
from tillstream.app import App, build
from tillstream.model.events import STAGING
from tillstream.model.product_catalogue import Product
from tillstream.ports import Ports
from tillstream.review import replay, undo
from tillstream.sync import agreement, exchange, home_identity, homes
from tillstream.sync.exchange import SyncResult
from tillstream.sync.http import signed_calls
from tillstream.sync.refusals import Busy

pytestmark = pytest.mark.usefixtures("pubsub", "firestore", "cloud_storage", "bigquery")
LINES = "SELECT sale_id, line_key, product_id, quantity, net_amount, sold_at FROM sale_lines"


@contextmanager
def with_project(folder: Path) -> Iterator[Pair]:
    clock = ManualClock()
    with running_system(folder / "home", numbered=False) as home, closing(build(project(), clock)) as office:
        reference.refresh_rates(office.ports, "USD")  # as the sweep does
        own = home_identity.create_identity(home.plain.ports, "owner")
        homes.add_home(office.ports, NAME, own.public_key, "owner")
        yield Pair(home, office, clock)


def lines(app: App) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in app.ports.warehouse.query(LINES).to_pylist()}


def check_agreement(two: Connected, result: SyncResult) -> None:
    """Both sides have the same lines and movements, and say so."""
    assert result.agrees
    assert lines(two.pair.office) == lines(two.pair.home.plain)
    check_stock(two.pair)
    assert homes.get_home(two.pair.office.ports, NAME).agreed_number == result.number


def test_a_home_syncs_to_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_calls, "MAX_INLINE_BYTES", 200)
    monkeypatch.setattr(exchange, "SMALL_ORIGINAL", 100)
    reads_of_office, read = list[Ports](), agreement.sums_of_all_batches
    monkeypatch.setattr(
        agreement,
        "sums_of_all_batches",
        lambda ports, *number: (ports.jobs and reads_of_office.append(ports)) or read(ports, *number),
    )
    office = by_function(tmp_path, rows=6, pair_of=with_project)
    with office as two:
        home = two.pair.home
        first = upload_rows(home, SOURCE, like(), like(product="Q"))
        bad = upload_rows(home, SOURCE, like(number="2"), like(number="3", fault="qty"))
        check_agreement(two, two.sync())

        fix(home, bad, Fix(2, like(number="3"), "edit"))
        undo.undo_batch(home.plain.ports, first, "owner")
        put(home.plain, Product("P", "Pen"))
        put(two.pair.office, Product("Q", "Quill"))
        load_rates(home.plain, "2024-06-01,INR,90")
        for number in range(3):
            stock_acts.act(home, Random(number))
        result = two.sync()
        check_agreement(two, result)
        assert (result.movements, result.questions) == (3, 0)
        assert (name_of(two.pair.office, "P"), name_of(home.plain, "Q")) == ("Pen", "Quill")
        assert rate_of(two.pair.office) == 90
        again = two.sync()
        assert (again.entries, again.reference_sent, again.reference_taken) == (0, 0, 0)

        process(home, replay.replay_batch(home.plain.ports, home.plain.contracts, bad, None, "owner"))
        upload_rows(home, SOURCE, *(like(number=str(number)) for number in range(10, 17)))
        with pytest.raises(Busy, match="7 rows"):
            two.sync()
        assert office.run_job() == 1
        check_agreement(two, two.sync())
        assert [*two.pair.office.ports.objects.list(STAGING, signed_calls.CALLS_FOLDER)] == []
        assert not {call for call, _ in office.calls_of_portal if call.startswith("warehouse.")}
        assert len(reads_of_office) == 1  # later comparisons read what was settled since
