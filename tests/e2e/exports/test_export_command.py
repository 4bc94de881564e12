"""`export` writes a file in the format of its ending, only complete, and only what an account may see."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from app_factory import body_of, build, headers_of_call
from click.testing import CliRunner, Result
from pdf_text import pages_of

from tillstream.app import App
from tillstream.cli.main import main
from tillstream.commands.client import CALL
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.server.command_api import create_control
from tillstream.settings import Settings

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TILLSTREAM_THREADS", "1")
    rows = [f"53{n},2242{n},CAKE;=1+{n},{n},12/5/2011 9:02,12.75,17850,United Kingdom\n" for n in range(1, 5)]
    (tmp_path / "sales.csv").write_text(HEAD + "".join(rows))
    assert _invoke("ingest", str(tmp_path / "sales.csv"), "--region", "online-retail-uk").exit_code == 0
    return tmp_path


def _invoke(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_a_query_and_measures_are_exported(home: Path) -> None:
    out = home / "lines.parquet"
    answer = json.loads(_invoke("export", "sale-lines", "--out", str(out), "--json").stdout)
    assert answer == {"out": str(out), "rows": 4, "bytes": out.stat().st_size}
    assert pq.read_table(out).num_rows == 4
    by_store = _invoke("export", "--measure", "units", "--by", "product", "--out", str(home / "units.jsonl"))
    assert by_store.stdout == f"{home / 'units.jsonl'} has 4 rows.\n"
    rows = [json.loads(line) for line in (home / "units.jsonl").read_text().splitlines()]
    assert {(row["product"], row["units"]) for row in rows} == {(f"2242{n}", str(n)) for n in range(1, 5)}


def test_a_table_is_typeset_and_a_long_or_wide_one_is_refused(home: Path) -> None:
    out = home / "products.pdf"
    arguments = ("--measure", "units", "--by", "product", "--param", "from=2011-12-01", "--out", str(out))
    assert _invoke("export", *arguments).exit_code == 0
    (page,) = pages_of(out.read_bytes())
    assert page.startswith("Measures by product\nFrom 1 Dec 2011\n4 rows · Created ")
    assert "22424 4" in page
    refused = _invoke("export", "sale-lines", "--out", str(home / "lines.pdf"))
    assert refused.exit_code == 1
    assert "columns do not fit on a page" in refused.stderr
    assert not (home / "lines.pdf").exists()


def test_parameters_and_filters_apply(home: Path) -> None:
    out = home / "products.csv"
    assert _invoke("export", "sales-by-product", "--param", "limit=2", "--out", str(out)).exit_code == 0
    assert len(out.read_text().splitlines()) == 3
    assert _invoke("export", "sales-by-product", "--param", "product=22421", "--out", str(out)).exit_code == 0
    assert len(out.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["sale-lines", "--out", "lines.doc"], "lines.doc must end with .csv, .xlsx, .pdf, .parquet, .jsonl."),
        (["sale-line", "--out", "lines.csv"], "Did you mean"),
        (["--out", "lines.csv"], "needs the name of a query, or measures"),
        (["kpis", "--by", "store", "--out", "lines.csv"], "not of both"),
        (["sale-lines", "--param", "regoin=UK", "--out", "lines.csv"], "Did you mean region?"),
        (["sale-lines", "--out", "missing/lines.csv"], "cannot be written"),
    ],
)
def test_what_cannot_be_exported_leaves_an_earlier_file(home: Path, arguments: list[str], problem: str) -> None:
    out = home / arguments[-1]
    if out.parent.exists():
        out.write_text("earlier")
    result = _invoke("export", *arguments[:-1], str(out))
    assert (result.exit_code, problem in result.stderr) == (1, True), result.stderr
    assert not out.parent.exists() or out.read_text() == "earlier"
    assert not list(home.glob(".*.part"))


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    app = build(Settings(home=home / "home", samples=False, threads=1))
    yield app
    app.close()


def test_an_account_exports_what_it_may_see(app: App, home: Path) -> None:
    accounts.add_account(app.ports, "ana", "Ana", Role.ANALYST, password="correct horse battery")
    client = create_control(app, "t").test_client()
    arguments = {"query": "sale-lines", "params": {}, "out": str(home / "lines.parquet"), "user": "ana"}
    headers = headers_of_call(app, "t", "export", arguments)
    assert client.post("/export", data=body_of(arguments), headers=headers).status_code == 200
    columns = pq.read_schema(home / "lines.parquet").names
    assert not {"customer_id", "customer_name", "salesperson_id", "extra"} & set(columns)
    assert "net_amount" in columns


def test_an_export_in_the_server_ends_with_its_client(app: App, home: Path) -> None:
    arguments = {"query": "sale-lines", "params": {}, "out": str(home / "lines.csv")}
    body = body_of(arguments)
    environment = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/export",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": pa.BufferReader(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "HTTP_ACCEPT": "application/x-ndjson",
        "HTTP_AUTHORIZATION": "Bearer t",
        "HTTP_TILLSTREAM_CALL": headers_of_call(app, "t", "export", arguments)[CALL],
    }

    def gone(data: bytes) -> None:
        raise BrokenPipeError

    def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
        return gone

    line, _ = create_control(app, "t")(environment, start)
    assert json.loads(line)["status"] == 422
    assert not (home / "lines.csv").exists()
    assert not list(home.glob(".*.part"))
