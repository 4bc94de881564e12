"""Orders of shop systems come to the ledger by the contracts of the pages, and again when they change."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from connectors.rows.http_server import serving
from connectors.rows.shop_apis import TOKEN, Shopify, Square, line, money, square_line

from tests.e2e.conftest import Run

PAGES = Path(__file__).resolve().parents[3] / "docs" / "connectors"
REFERENCE = "env:TILLSTREAM_SOURCE_SHOP"


@pytest.fixture
def with_contract(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    monkeypatch.setenv("TILLSTREAM_SOURCE_SHOP", TOKEN)
    monkeypatch.setenv("TILLSTREAM_CONNECT_PRIVATE", "127.0.0.1")

    def copy(kind: str) -> None:
        (contract,) = re.findall(r"```yaml\n(.+?)```", (PAGES / f"{kind}.md").read_text(encoding="utf-8"), re.DOTALL)
        (home / "contracts").mkdir(parents=True)
        (home / "contracts" / f"{kind}.yaml").write_text(contract, encoding="utf-8")

    return copy


def brought(run: Run) -> dict[str, Any]:
    """The counts of the receipt of the one batch that a run brings, confirmed if it is the first."""
    ended = run("connect", "run", "shop")[1]
    assert (ended["outcome"], len(ended["batches"])) == ("done", 1), ended
    receipt = run("receipts", ended["batches"][0])[1]
    if receipt["status"] == "held":
        receipt = run("confirm", ended["batches"][0])[1]
    assert receipt["status"] in ("settled", "announced"), receipt
    rows: dict[str, Any] = receipt["rows"]
    return rows


def amounts(run: Run) -> dict[str, str]:
    measures = run("query", "kpis")[1]["rows"][0]
    return {name: measures[name] for name in ("lines", "revenue")}


def test_orders_of_shopify(run: Run, with_contract: Callable[[str], None]) -> None:
    with_contract("shopify")
    shop = Shopify()
    items = {"line_items": [line(11, "10.00", 3, tax="2.40", discount="6.00"), line(12, "5.00", 1)]}
    shop.put(1, "2026-11-01T09:00:00-05:00", **items)
    shop.put(2, "2026-11-01T09:00:00-05:00", test=True)
    with serving(shop) as server:
        settings = ("--set", f"url={server.url}", "--set", f"token={REFERENCE}", "--set", "per_second=100")
        run("connect", "add", "shop", "--kind", "shopify", "--contract", "shopify", *settings)
        rows = brought(run)
        assert (rows["new"], rows["quarantined"], rows["ignored"]) == (2, 0, 1)
        refund = {"id": 9, "created_at": "2026-11-03T09:00:00-05:00", "refund_line_items": []}
        refund["refund_line_items"] = [
            {"id": 8, "line_item_id": 11, "quantity": 1, "subtotal": "8.00", "total_tax": "0.80"}
        ]
        shop.put(1, "2026-11-03T09:00:00-05:00", **items, refunds=[refund])
        assert brought(run)["new"] == 1
        assert amounts(run) == {"lines": 3, "revenue": "21"}
        assert run("connect", "run", "shop")[1]["items"] == 0


def test_orders_of_square(run: Run, with_contract: Callable[[str], None]) -> None:
    with_contract("square")
    shop = Square()
    shop.put("O1", "2026-11-01T10:00:00Z", line_items=[square_line("l", 2199, 199)])
    shop.put("O2", "2026-11-01T11:00:00Z", line_items=[square_line("l", 1000)])
    with serving(shop) as server:
        settings = ("--set", f"url={server.url}", "--set", f"token={REFERENCE}", "--set", "locations=L1")
        run("connect", "add", "shop", "--kind", "square", "--contract", "square", *settings, "--set", "per_second=100")
        assert brought(run)["new"] == 2
        shop.put(
            "R1",
            "2026-11-02T10:00:00Z",
            returns=[{"source_order_id": "O1", "return_line_items": [square_line("r", 2199, 199)]}],
        )
        tip = {"uid": "c", "name": "Service", "total_money": money(150), "total_tax_money": money(0)}
        shop.put("O2", "2026-11-02T11:00:00Z", version=2, line_items=[square_line("l", 1000)], service_charges=[tip])
        rows = brought(run)
        assert (rows["new"], rows["quarantined"]) == (2, 0)
        assert amounts(run) == {"lines": 4, "revenue": "11.5"}
