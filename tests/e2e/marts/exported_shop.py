"""A shop whose marts are exported: sales of two months in one store, and what a second file adds."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from app_factory import build

from tillstream.adapters.local.files.destination_folders import LocalExportFolder
from tillstream.analytics.fx.daily_factors import DAILY_RATES_SCHEMA
from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.marts import tables
from tillstream.settings import Settings

HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)
LINE = "{},1,{} 10:15,MUM01,S1,C1,Asha Rao,P1,Kettle,Kitchen,store,Completed,1,{},0.00,{},18.00,{},"


class Killed(BaseException):
    """The process ends here."""


class FolderOfAKilledProcess(LocalExportFolder):
    """Ends before the manifest is replaced, when the data files have their names and the Delta logs are written."""

    def _replace(self, name: str, content: bytes) -> None:
        raise Killed


def open_shop(folder: Path, **settings: Any) -> App:
    return build(Settings(home=folder / "home", samples=False, threads=1, reporting_currency="INR", **settings))


def line(number: int, day: str, amount: int = 100) -> str:
    return LINE.format(number, day, f"{amount}.00", f"{amount}.00", f"{amount + 18}.00")


FIRST = [line(1, "03-05-2026"), line(2, "04-05-2026", 250), line(3, "10-06-2026", 40)]


def sell(app: App, folder: Path, *lines: str) -> None:
    path = folder / f"{len(list(folder.glob('*.csv')))}.csv"
    path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    receipt = COMMANDS["ingest"](app, quiet, files=[str(path)], contract="IN").data
    assert receipt["status"] == "settled", receipt


def set_rates(app: App, **factors: tuple[str, str]) -> None:
    """Replace the rates to USD. factors: currency → those of 3 May and 10 June 2026."""
    rates = [
        {"sale_date": day, "currency": currency, "factor": Decimal(factor)}
        for currency, of_days in factors.items()
        for day, factor in zip((date(2026, 5, 3), date(2026, 6, 10)), of_days, strict=True)
    ]
    app.ports.warehouse.replace_table("reporting", pa.table({"currency": ["USD"]}))
    app.ports.warehouse.replace_table("reporting_rates", pa.Table.from_pylist(rates, DAILY_RATES_SCHEMA))


def export(app: App, folder: Path, **arguments: Any) -> dict[str, Any]:
    data: dict[str, Any] = COMMANDS["marts-export"](app, quiet, to=str(folder / "marts"), **arguments).data
    return data


def manifest(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "marts" / "manifest.json").read_text(encoding="utf-8"))
    return data


def files(folder: Path, table: str = "fact_sales") -> dict[str, str]:
    """Month → path of its file."""
    (listed,) = (one for one in manifest(folder)["tables"] if one["name"] == table)
    return {one["month"]: one["path"] for one in listed["files"]}


def read(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query in DuckDB on the views of the export's own statements."""
    with duckdb.connect() as connection:
        connection.execute((folder / "marts" / "statements" / "duckdb.sql").read_text(encoding="utf-8"))
        return connection.execute(query).fetchall()


@contextmanager
def earlier_version() -> Iterator[None]:
    """Within the block, fact_sales has a column fewer."""
    facts, *dimensions = tables.TABLES
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tables, "TABLES", (replace(facts, columns=facts.columns[:-1]), *dimensions))
            tables.tables_by_name.cache_clear()
            yield
    finally:
        tables.tables_by_name.cache_clear()


def open_after(folder: Path, *lines: str, **settings: Any) -> App:
    """Open a shop in which these lines are sold: they are loaded once in a process, and each caller gets a copy."""
    shutil.copytree(_sold(lines), folder, dirs_exist_ok=True)
    return open_shop(folder, **settings)


@cache
def _sold(lines: tuple[str, ...]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tillstream-marts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with closing(open_shop(folder)) as app:
        sell(app, folder, *lines)
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[App]:
    """A shop after its first sales."""
    with closing(open_after(tmp_path, *FIRST)) as app:
        yield app
