"""Sales that the queue and the file of accepted messages both lost are asked for by the till, and count once.

A real server on a socket, and the till agent with a folder of its own.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_factory import build
from portal_factory import create_app
from werkzeug.serving import BaseWSGIServer, make_server

from tillstream.adapters.local.clock import ManualClock
from tillstream.adapters.local.sqlite.event_bus import ACCEPTED
from tillstream.app import App
from tillstream.model.messages import store_sale_schema
from tillstream.people import store_credentials
from tillstream.records import losses
from tillstream.server.worker import Worker
from tillstream.settings import Settings
from tillstream_till import Till, delivery

SALE = store_sale_schema()["examples"][0]
LINES = len(SALE["lines"])
STORE = f"{SALE['region']}/{SALE['store_id']}"


class Company:
    """A home with a portal on a port that stays the same, and one till."""

    def __init__(self, folder: Path) -> None:
        self.home, self.clock, self.recorded = folder / "home", ManualClock(), 0
        self.server: BaseWSGIServer | None = None
        self.open()
        code = store_credentials.connect_till(
            self.app.ports, self.url, SALE["region"], SALE["store_id"], "front", "boss"
        ).code
        self.till = Till.init(folder / "till", code, markers=folder / "markers")

    @property
    def url(self) -> str:
        assert self.server
        return f"http://127.0.0.1:{self.server.port}"

    def open(self) -> None:
        self.app: App = build(Settings(home=self.home, threads=1, samples=False, project=""), self.clock)
        port = self.server.port if self.server else 0
        self.server = make_server("127.0.0.1", port, create_app(self.app), threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        assert self.server
        self.server.shutdown()
        self.thread.join(10)
        self.server.server_close()
        self.app.close()

    def kill(self) -> None:
        """Continue on a copy of the files, as after a kill."""
        copy = Path(shutil.copytree(self.home, self.home.with_name("killed")))
        self.stop()
        self.home = copy

    def sell(self, count: int) -> int:
        """Record sales and send what is unsent; returns how many messages were acknowledged."""
        for _ in range(count):
            self.recorded += 1
            self.till.record(SALE | {"number": f"n{self.recorded}"})
        self.clock.advance(1)
        report = self.till.send()
        assert (report.error, report.refused, report.unsent) == ("", 0, 0)
        return report.sent

    def work(self) -> None:
        Worker(self.app).run_until_idle()

    def counted(self) -> int:
        (row,) = self.app.ports.warehouse.query("SELECT COUNT(*) AS n FROM sale_lines").to_pylist()
        return int(row["n"]) // LINES

    def lost(self) -> list[losses.LossRecord]:
        return losses.open_losses(self.app.ports)


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(delivery, "QUERY_SECONDS", 0.0)
    company = Company(tmp_path)
    assert company.sell(5) == 5
    company.work()
    yield company
    company.stop()
    company.till.close()


def content_size(path: Path) -> int:
    """Without the zeros at the end, which are there for what follows."""
    return len(path.read_bytes().rstrip(b"\0"))


def cut(company: Company, sell: Callable[[], object]) -> None:
    """Sell, end as by a kill, and cut both files where they ended before: what is left has no damage."""
    sizes = {name: content_size(company.home / name) for name in ("queue.sqlite-wal", ACCEPTED)}
    sell()
    company.kill()
    for name, size in sizes.items():
        path = company.home / name
        path.write_bytes(path.read_bytes()[:size])


def test_sales_that_nothing_here_shows_as_lost_are_sent_again_and_count_once(company: Company) -> None:
    cut(company, lambda: company.sell(20))
    company.open()
    assert company.app.home
    assert company.app.home.run(whole=True) == []
    company.work()
    assert company.counted() == 5, "lost in silence"
    assert company.sell(1) == 21
    (lost,) = company.lost()
    assert (lost.loss.kind, lost.loss.stores) == (losses.LossKind.STORE_SALES, (STORE,))
    assert "20 messages of the till front" in lost.loss.message
    company.work()
    assert company.counted() == company.recorded == 26
    assert company.sell(0) == 0
    assert company.lost() == []
    assert company.sell(0) == 0, "asked for and answered"


def test_sales_in_the_queue_are_not_sent_again(company: Company) -> None:
    company.sell(20)
    assert company.sell(1) == 1
    company.kill()
    company.open()
    assert company.sell(1) == 1
    assert company.lost() == []
    company.work()
    assert company.counted() == company.recorded


def test_a_loss_that_is_noticed_names_the_stores_that_sold(company: Company) -> None:
    company.sell(20)
    company.kill()
    for name in ("queue.sqlite", "queue.sqlite-wal", ACCEPTED):
        (company.home / name).unlink()
    company.open()
    (lost,) = company.lost()
    assert lost.loss.stores == (STORE,)
    assert company.sell(0) == 20
    company.work()
    assert company.counted() == company.recorded
    company.sell(0)
    assert [one.id for one in company.lost()] == [lost.id], "forms and other programs may have sent sales as well"
