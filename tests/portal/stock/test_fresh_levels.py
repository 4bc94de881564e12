"""A page that was loaded after a settlement, but before the levels followed it, is not kept."""

from datetime import date

import stock_steps
from stock_steps import counted, lines, rows
from visitor import Visitor, Work

from tillstream.app import App
from tillstream.server.worker import Worker

sell = stock_steps.sell


def test_levels_follow_a_settlement_although_a_page_was_loaded_in_between(sold: Visitor, app: App, work: Work) -> None:
    counted(app, date(2026, 6, 30), "MUM01", {"KET": 10})
    sold.upload(lines((("9", "01-07-2026 12:00", "MUM01", "KET", 2),)), "later.csv")
    worker = Worker(app)
    while worker._handle("objects", 0) + worker._handle("batches", 0):
        pass
    assert rows(sold.get("/stock?q=KET&store=MUM01"))[0].split()[6] == "10"
    work()
    assert rows(sold.get("/stock?q=KET&store=MUM01"))[0].split()[6] == "8"
