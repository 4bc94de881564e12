"""A report as a till prints it goes the whole way: titles, totals, footers and a refused row that is fixed."""

import csv
import io
from pathlib import Path

from tests.e2e.conftest import Run

CONTRACT = """
name: till
region: Till
currency: EUR
file: {delimiter: ";", ignore: [Summe, Gedruckt]}
columns: {sale_id: Beleg, date: Tag, quantity: Menge, unit_price: Preis, product_name: Artikel}
identity: {store: S1}
"""
REPORT = """Tagesbericht;;;;
Filiale:;Mitte;;;

Beleg;Tag;Menge;Preis;Artikel
1;2026-01-05;2;3.50;Tasse
Beleg;Tag;Menge;Preis;Artikel
2;2026-01-05;x;3.50;"Teller; groß"
3;2026-01-06;1;3.50;Topf
Summe;;4;10.50;
Gedruckt am 2026-01-07
"""


def test_a_printed_report_counts_its_sales_and_lists_ignored_lines(run: Run, home: Path, tmp_path: Path) -> None:
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "till.yaml").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "report.csv").write_text(REPORT, encoding="utf-8")
    _, receipt = run("ingest", str(tmp_path / "report.csv"), "--region", "till")
    batch = receipt["batch_id"]
    _, receipt = run("confirm", batch)  # a third of the rows is refused
    counts = {name: count for name, count in receipt["rows"].items() if count}
    assert counts == {"read": 6, "new": 2, "quarantined": 1, "ignored": 3}
    refused = tmp_path / "refused.csv"
    run("quarantine", batch, "--csv", str(refused))
    (row,) = csv.DictReader(io.StringIO(refused.read_text("utf-8-sig"), newline=""))
    assert (row["_row"], row["_line"], row["Menge"], row["Artikel"]) == ("3", "7", "x", "Teller; groß")
    fixed = io.StringIO(newline="")
    writer = csv.DictWriter(fixed, list(row))
    writer.writeheader()
    writer.writerow(row | {"Menge": "1"})
    (tmp_path / "fixed.csv").write_text(fixed.getvalue(), encoding="utf-8")
    _, receipt = run("fix", batch, str(tmp_path / "fixed.csv"))
    counts = {name: count for name, count in receipt["rows"].items() if count}
    assert counts == {"read": 6, "new": 3, "ignored": 3}
    for flag in ("--check", "--from-originals"):
        assert run("rebuild", flag)[1]["differences"] == []
