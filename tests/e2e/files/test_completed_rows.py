"""Files that write the data of an order once, and files whose only date is in their name: loaded, fixed and rebuilt."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

Run = Callable[..., tuple[int, Any]]
ORDERS = """Name,Created at,Financial Status,Currency,Lineitem name,Lineitem quantity,Lineitem price
#1001,2026-03-14,paid,USD,Mug,2,5.00
#1001,,,,Tray,1,6.00
#1002,2026-03-14,refunded,USD,Cup,1,2.00
#1003,2026-03-15,paid,USD,Mug,1,5.00
#1003,,,,Bowl,x,7.00
"""


def save(home: Path, name: str, **contract: Any) -> None:
    (home / "contracts").mkdir(parents=True, exist_ok=True)
    base = {"name": name, "region": name, "currency": "USD", "identity": {"ids": "region-wide"}}
    (home / "contracts" / f"{name}.yaml").write_text(yaml.safe_dump(base | contract))


def test_lines_below_an_order_have_its_date_and_status(home: Path, tmp_path: Path, run: Run) -> None:
    save(
        home,
        "webshop",
        file={"fill_down": ["Created at", "Financial Status", "Currency"], "fill_down_within": "Name"},
        columns={
            "sale_id": "Name",
            "date": "Created at",
            "status": "Financial Status",
            "currency": "Currency",
            "product_name": "Lineitem name",
            "quantity": "Lineitem quantity",
            "unit_price": "Lineitem price",
        },
        status={"words": {"paid": "completed", "refunded": "cancelled"}, "default": None},
    )
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    code, receipt = run("ingest", str(path), "--region", "webshop")
    assert (code, receipt["rows"]["new"], receipt["rows"]["quarantined"]) == (3, 4, 1)
    assert run("query", "kpis")[1]["rows"][0]["revenue"] == "21"
    rejected = tmp_path / "rejected.csv"
    run("quarantine", receipt["batch_id"], "--csv", str(rejected))
    with rejected.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [rows[0][name] for name in ("Created at", "Financial Status", "Currency")] == ["2026-03-15", "paid", "USD"]
    rows[0]["Lineitem quantity"] = "1"
    with rejected.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert run("fix", receipt["batch_id"], str(rejected))[0] == 0
    assert run("query", "kpis")[1]["rows"][0]["revenue"] == "28"
    assert run("rebuild", "--from-originals")[1]["differences"] == []


def test_the_day_in_the_name_dates_all_rows(home: Path, tmp_path: Path, run: Run) -> None:
    save(
        home,
        "till",
        file={"date_in_name": "%Y-%m-%d"},
        columns={"product_name": "Item", "quantity": "Qty", "net_amount": "Net"},
        identity={"ids": "region-wide", "by_content": True},
    )
    for day in ("2026-03-14", "2026-03-15"):
        path = tmp_path / f"till {day}.csv"
        path.write_text("Item,Qty,Net\nMug,2,10\nCup,1,2\n")
        assert run("ingest", str(path), "--region", "till")[1]["rows"]["new"] == 2
    (tmp_path / "till.csv").write_text("Item,Qty,Net\nMug,3,15\n")
    code, receipt = run("ingest", str(tmp_path / "till.csv"), "--region", "till")
    assert code == 1
    assert "contains no date such as 2026-12-31" in json.dumps(receipt)
    kpis = run("query", "kpis")[1]["rows"][0]
    assert (kpis["revenue"], kpis["first_sale_date"], kpis["last_sale_date"]) == ("24", "2026-03-14", "2026-03-15")
    assert run("rebuild", "--from-originals")[1]["differences"] == []
