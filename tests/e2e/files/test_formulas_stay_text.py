"""Texts that a spreadsheet would evaluate are escaped in downloads, and unescaped when uploaded again."""

import csv
import io
from pathlib import Path

from app_factory import build

from tillstream.intake import inbox
from tillstream.model.contract import parse_contract
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.receipts import original_rows
from tillstream.review import correction_submission
from tillstream.settings import Settings

CONTRACT = parse_contract(
    {
        "name": "shop",
        "region": "Shop",
        "currency": "EUR",
        "identity": {"ids": "region-wide"},
        "refused_threshold": 1,
        "columns": {"sale_id": "No", "date": "Day", "customer_name": "Buyer", "net_amount": "Total"},
    }
)


NAMES = ["=1+2", "+49 30 1234", "-5", "@A1", "'=1", "''", "＝1+2", "＋1", "－1", "＠A1", "'quoted'"]
INSIDE = {
    "a=1": "a=1",
    "a;b": "a;b",
    "a;=1": "a;'=1",
    "a;'=1": "a;''=1",
    'a;"=1"': 'a;\'"=1"',
    "a\t-1": "a\t'-1",
    "a\n=1": "a\n'=1",
    "\n=1": "'\n'=1",
}
"""Texts with places inside where a spreadsheet of another locale starts a cell, as they are and as downloaded."""


EVERY = [*NAMES, *INSIDE]


def test_a_name_like_a_formula_is_guarded_on_its_way_out_and_bare_when_it_comes_back(tmp_path: Path) -> None:
    app = build(Settings(home=tmp_path, threads=1))
    ports = app.ports
    ports.documents.put("contracts", "shop@1", CONTRACT.model_dump(mode="json"))
    out = io.StringIO(newline="")
    rows = [[str(number), "2026-03-01", name, "five", "n"] for number, name in enumerate(EVERY)]
    csv.writer(out).writerows([["No", "Day", "Buyer", "Total", "=Note"], *rows])
    upload = inbox.receive_file(ports, CONTRACT, "file.csv", io.BytesIO(out.getvalue().encode()), "clerk")
    stage.stage(ports, upload.batch_id)
    settle.settle_all(ports, app.contracts)

    downloaded = b"".join(original_rows.rejected_rows_csv(ports, upload.batch_id)).decode("utf-8-sig")
    buyers = [row["Buyer"] for row in csv.DictReader(io.StringIO(downloaded, newline=""))]
    assert buyers == [*(f"'{name}" for name in NAMES), *INSIDE.values()]
    assert "'=Note" in downloaded.splitlines()[0]
    corrected = io.BytesIO(downloaded.replace(",five,", ",5.00,").encode())
    fixed = correction_submission.submit_correction(ports, upload.batch_id, "corrected.csv", corrected, "clerk")
    stage.stage(ports, fixed.batch_id)
    settle.settle_all(ports, app.contracts)

    lines = ports.warehouse.query("SELECT sale_id, customer_name FROM current_lines", {}).to_pylist()
    app.close()
    assert {int(line["sale_id"]): line["customer_name"] for line in lines} == {
        number: name.strip() for number, name in enumerate(EVERY)
    }
