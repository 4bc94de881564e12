"""The example of the contract page reads its file as documented."""

from decimal import Decimal
from pathlib import Path

from docs.generate.contracts import EXAMPLE, EXAMPLE_FILE
from tillstream.app import open_app
from tillstream.commands.ingest import ingest
from tillstream.commands.query import query
from tillstream.commands.result import quiet
from tillstream.settings import Settings


def test_the_contract_of_the_page_reads_the_file_of_the_page(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "AT.yaml").write_text(EXAMPLE, encoding="utf-8")
    file = tmp_path / "austria.csv"
    file.write_text(EXAMPLE_FILE.lstrip(), encoding="cp1252")
    with open_app(Settings(home=home, threads=1)) as app:
        receipt = ingest(app, quiet, files=[str(file)], contract="AT")
        lines = query(app, name="sale-lines", params={}).data["rows"]
    assert receipt.code == 0, receipt.data
    assert {(line["sale_id"], line["status"], line["net_amount"]) for line in lines} == {
        ("Linz/4711", "completed", Decimal("2049.00")),
        ("Linz/G4712", "returned", Decimal("-1024.50")),
    }
    assert {line["country"] for line in lines} == {"Austria"}
