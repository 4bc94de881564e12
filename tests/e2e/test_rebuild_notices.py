"""A rebuild reports ledger changes that no settlement made."""

from pathlib import Path

import duckdb
import pytest

from tests.e2e.conftest import Once, Run

CONTRACT = """
name: shop
region: Shop
currency: EUR
columns: {sale_id: number, line_key: line, date: day, product_id: product, quantity: quantity, unit_price: price}
identity: {store: S1}
"""
HEAD = "number,line,day,product,quantity,price\n"
FIRST = "1,1,2026-01-05,P1,2,3.50\n1,2,2026-01-05,P2,1,10\n2,1,2026-01-06,P1,1,3.50\n"
LATER = "1,1,2026-01-05,P1,3,3.50\n"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE sale_versions SET net_amount = net_amount + 1 WHERE is_current", "current lines"),
        ("UPDATE sale_versions SET is_current = NOT is_current WHERE sale_id = 'S1/1' AND line_key = '1'", "current"),
        ("UPDATE sale_versions SET leads = 0", "lines counted as orders"),
        ("UPDATE sightings SET outcome = 'duplicate' WHERE row_number = 1", "outcomes"),
        ("DELETE FROM listed_changes", "changes"),
        ("UPDATE settlements SET only_adds = FALSE", "changes"),
    ],
)
def test_a_rebuild_from_the_ledger_names_what_was_changed(
    run: Run, once: Once[None], home: Path, tmp_path: Path, change: str, named: str
) -> None:
    def sell() -> None:
        (home / "contracts").mkdir(parents=True)
        (home / "contracts" / "shop.yaml").write_text(CONTRACT)
        for name, rows in (("a.csv", FIRST), ("b.csv", LATER)):
            (tmp_path / name).write_text(HEAD + rows)
            assert run("ingest", str(tmp_path / name), "--region", "shop")[0] == 0
        assert run("rebuild", "--check") == (0, {"settlements": 2, "batches": 2, "differences": [], "unread": []})

    once(sell)
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute(change)
    code, report = run("rebuild", "--check")
    assert code == 1
    assert any(difference.startswith(named) for difference in report["differences"]), report["differences"]
