"""A home with half a year of sales of two stores in one region, ingested from a file."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from app_factory import Setup, build_after

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.forecasting.models import ensemble
from tillstream.settings import Settings

FIRST, LAST = date(2026, 1, 5), date(2026, 6, 30)
NOW = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)
HEADER = (
    "Sale,Sale Date,Store Code,Operator,Customer No,Customer,SKU,Description,Department,Channel,State,Country,Units,"
    "Price,Cost,Discount,Net,VAT,Credit For,Gross"
)
PRODUCTS = {"TO-1": ("Kite", "Toys", 10), "TO-2": ("Ball", "Toys", 5), "HK-1": ("Lamp", "Home & Kitchen", 20)}


class Here:
    """A fitter whose fits are made in this process."""

    fit = staticmethod(ensemble.fit_history)
    fit_and_explain = staticmethod(ensemble.fit_and_explain)


def app(folder: Path, last: date = LAST, *, now: datetime = NOW) -> App:
    """An app whose sales end on `last`; the clock stands the night after `LAST`."""
    return build_after(_sold_until(last), Settings(home=folder / "home", samples=False, threads=1), ManualClock(now))


@cache
def _sold_until(last: date) -> Setup:
    def setup(opened: App, _clock: ManualClock) -> None:
        with TemporaryDirectory() as folder:
            add(opened, Path(folder), FIRST, last)

    return setup


def add(opened: App, folder: Path, first: date, last: date) -> None:
    """Ingest the sales of these days."""
    path = folder / f"UK-{first}.csv"
    path.write_bytes(content(first, last))
    receipt = COMMANDS["ingest"](opened, quiet, files=[str(path)], contract="UK").data
    assert receipt["status"] == "settled", receipt


def content(first: date = FIRST, last: date = LAST) -> bytes:
    """The file of the sales of these days."""
    return "\n".join([HEADER, *_lines(first, last)]).encode("cp1252")


def _lines(first: date, last: date) -> list[str]:
    """Sales of each product in each store and day; closed on Sundays; every tenth sale is returned the same day."""
    lines = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        random = np.random.default_rng(day.toordinal())
        if day.weekday() == 6:
            continue
        for store in ("LDS1", "MAN1"):
            for sku, (name, department, price) in PRODUCTS.items():
                units = 1 + int(random.poisson(3 if day.weekday() < 5 else 8))
                sale = f"S{day:%y%m%d}{store}{sku}"
                amounts = f"{units},{price}.00,{price / 2:.2f},0.00,{units * price}.00,0.00"
                where = f"{day:%d/%m/%Y},{store},T1,1,A,{sku},{name},{department},store"
                lines.append(f"{sale},{where},,United Kingdom,{amounts},,{units * price}.00")
                if day.toordinal() % 10 == 0:
                    back = f"-1,{price}.00,{price / 2:.2f},0.00,-{price}.00,0.00"
                    lines.append(f"R{sale},{where},,United Kingdom,{back},{sale},-{price}.00")
    return lines
