"""`query` limits its rows and says so, prints tables, CSV or JSON, and suggests names."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tillstream.cli.main import main

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TILLSTREAM_THREADS", "1")
    rows = [f"53{n},2242{n},CAKE;=1+{n},-{n},12/5/2011 9:02,12.75,17850,United Kingdom\n" for n in range(1, 5)]
    (tmp_path / "sales.csv").write_text(HEAD + "".join(rows))
    assert invoke("ingest", str(tmp_path / "sales.csv"), "--region", "online-retail-uk").exit_code == 0
    return tmp_path


def invoke(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.mark.usefixtures("home")
def test_the_limit_cuts_rows_and_a_note_is_printed() -> None:
    cut = invoke("query", "sale-lines", "--limit", "3", "--format", "csv")
    assert len(list(csv.reader(io.StringIO(cut.stdout)))) == 4
    assert cut.stderr == "Only the first 3 rows are shown; there are more. To see more, use --limit N.\n"
    assert invoke("query", "sale-lines", "--limit", "4", "--format", "csv").stderr == ""
    assert "Only the first row is shown" in invoke("query", "sale-lines", "--param", "limit=1").stderr
    lines = json.loads(invoke("query", "lines-whole", "--limit", "2", "--format", "json").stdout)
    assert (len(lines["rows"]), lines["cut"]) == (2, True), "a query without a parameter for it"
    whole = json.loads(invoke("query", "sale-lines", "--json").stdout)
    assert (len(whole["rows"]), whole["cut"]) == (4, False)


@pytest.mark.usefixtures("home")
def test_csv_keeps_numbers_and_guards_formulas() -> None:
    rows = list(csv.DictReader(io.StringIO(invoke("query", "sale-lines", "--format", "csv").stdout)))
    assert {(row["product_name"], row["quantity"]) for row in rows} == {(f"CAKE;'=1+{n}", f"-{n}") for n in range(1, 5)}


def test_unknown_names_are_answered_with_the_nearest(home: Path) -> None:
    assert "Did you mean kpis?" in invoke("query", "kpi").stderr
    assert "Did you mean limit?" in invoke("query", "sale-lines", "--param", "limt=3").stderr
    assert "Did you mean region?" in invoke("query", "kpis", "--param", "regoin=UK").stderr
    assert "Did you mean" not in invoke("query", "zzz").stderr
    twice = invoke("query", "sale-lines", "--limit", "3", "--param", "limit=2")
    assert (twice.exit_code, "passed twice" in twice.stderr) == (1, True)
    assert invoke("query", "sale-lines", "--limit", "0").exit_code == 2
