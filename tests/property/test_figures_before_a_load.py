"""What the figures of a file promise before it is loaded is what then counts, and what does not count stands apart."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from app_factory import build
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples import examples
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.commands.ingest import ingest_file
from tillstream.commands.result import quiet
from tillstream.model.contract import Contract, parse_contract
from tillstream.pipeline.staging.figures import read_figures
from tillstream.review.settlement_previews import dry_run_file
from tillstream.settings import Settings

HEADER = "No,Line,Version,Day,Item,Qty,Net"
ROLES = ("sale_id", "line_key", "source_version", "date", "product_name", "quantity", "net_amount")
DATA: dict[str, Any] = {
    "version": 1,
    "currency": "EUR",
    "identity": {"ids": "region-wide"},
    "dates": {"time_zone": "UTC"},
    "refused_threshold": 1,
}
DAY = date(2026, 3, 9)
ROWS = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.integers(1, 2),
        st.integers(1, 3),
        st.sampled_from(("2026-03-02", "2026-03-02", "soon")),
        st.sampled_from(("Lamp", "Desk")),
        st.just(1),
        st.sampled_from(("20.00", "20.00", "11.50")),
    ),
    min_size=1,
    max_size=9,
)
BOTH = st.booleans()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    opened = build(
        Settings(home=tmp_path_factory.mktemp("figures") / "home", samples=False, threads=1, reporting_currency="EUR"),
        ManualClock(datetime(2026, 3, 9, 12, 0, tzinfo=UTC)),
    )
    yield opened
    opened.close()


def _contract(name: str, **without: bool) -> Contract:
    headers = dict(zip(ROLES, HEADER.split(","), strict=True))
    columns = {role: header for role, header in headers.items() if not without.get(role)}
    return parse_contract(DATA | {"name": name, "region": name, "columns": columns}, name)


def _counted(app: App, region: str) -> Decimal:
    lines = "SELECT SUM(net_amount) AS net FROM sale_versions WHERE is_current AND region = @region"
    return app.ports.warehouse.query(lines, {"region": region}).to_pylist()[0]["net"] or Decimal(0)


def _imported_before(app: App, contract: Contract, file: Path) -> Decimal:
    with file.open("rb") as stream:
        receipt = dry_run_file(app.ports, app.contracts, contract, file.name, stream)
    return sum((one["revenue"] for one in receipt["imported_before"]), Decimal(0))


def _revenue(amounts: Any) -> Decimal:
    return sum((one.revenue for one in amounts), Decimal(0))


@settings(max_examples=examples(80, quick=4), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, has_lines=BOTH, has_versions=BOTH)
def test_what_the_figures_of_a_file_promise_is_what_counts_once_it_is_loaded(
    app: App, tmp_path: Path, rows: list[tuple[Any, ...]], has_lines: bool, has_versions: bool
) -> None:
    moment = app.ports.clock.tick()
    name = f"shop-{moment}"
    contract = _contract(name, line_key=not has_lines, source_version=not has_versions)
    app.contracts.save(contract, "boss")
    file = tmp_path / "sales.csv"
    # numbers of its own: bytes or sales that another region has are rightly held
    lines = (f"{moment}{','.join(map(str, row))}" for row in rows)
    file.write_text("\n".join((HEADER, *lines, "")))
    figures = read_figures(lambda: file.open("rb"), contract, DAY, file=file.name)
    assert _imported_before(app, contract, file) == 0
    receipt = ingest_file(app, quiet, file, name)
    count = receipt["rows"]
    assert receipt["status"] == "settled"
    assert figures.rows_read == figures.accepted + figures.quarantined == count["read"]
    assert figures.quarantined == count["quarantined"]
    assert _revenue(figures.amounts) == _counted(app, name)
    assert _revenue(figures.amounts) + _revenue(figures.repeated_amounts) + _revenue(
        figures.quarantined_amounts
    ) == sum(Decimal(row[-1]) for row in rows)
    assert _imported_before(app, contract, file) == _revenue(figures.amounts)


def test_rows_without_a_line_number_are_numbered_as_the_ledger_does(app: App, tmp_path: Path) -> None:
    """The first row of a later version takes the place of the first one of the earlier version, by their contents."""
    contract = _contract("unnumbered", line_key=True)
    app.contracts.save(contract, "boss")
    file = tmp_path / "sales.csv"
    sales = [(number, 1 + number * 7 % 5, 9 + number * 5 % 7) for number in range(1, 13)]
    rows = (
        f"{number},1,{version},2026-03-02,Lamp,1,{amount}"
        for number, *own in sales
        for version, amount in _versions(*own)
    )
    file.write_text("\n".join((HEADER, *rows, "")))
    figures = read_figures(lambda: file.open("rb"), contract, DAY, file=file.name)
    assert _revenue(figures.amounts) == sum(high + 30 for _, _, high in sales)
    assert ingest_file(app, quiet, file, "unnumbered")["status"] == "settled"
    assert _counted(app, "unnumbered") == _revenue(figures.amounts)


def _versions(low: int, high: int) -> tuple[tuple[int, int], ...]:
    """Versions of a sale of two lines, of which the later one has one line, each with an amount."""
    return (1, high), (2, 30), (1, low)


def test_rows_that_repeat_or_contradict_another_are_apart_with_their_amounts(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    lines = ("1,1,1,{0},Lamp,2,20.00", *2 * ("1,2,1,{0},Desk,1,80.00",), "2,1,1,{0},Lamp,1,10.00")
    wrong = ("2,1,1,{0},Lamp,1,11.00", "3,1,1,soon,Lamp,1,12.00", "4,1,1,{0},Lamp,1,13.00")
    file.write_text("\n".join((HEADER, *lines, *wrong, "")).format("2026-03-02"))
    figures = read_figures(lambda: file.open("rb"), _contract("shop"), DAY, file=file.name)
    assert (figures.accepted, figures.repeated, figures.quarantined) == (4, 1, 3)
    assert (_revenue(figures.amounts), figures.orders) == (Decimal(113), 2)
    apart = [one for one in figures.sentences() if one.startswith("Not in the revenue: ")]
    assert re.fullmatch(r".* 80(\.00)? EUR of 1 row repeated in the file", apart[0])
    assert re.fullmatch(r".* 33(\.00)? EUR of 3 rows to fix", apart[1])
