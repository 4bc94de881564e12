"""A file of a home that sells is torn, between processes and under a running one: each accepted sale counts once."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_factory import build
from portal_factory import create_app, readiness

from examples import in_long_proofs
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.messages import store_sale_schema
from tillstream.operations import reconcile
from tillstream.people import store_credentials
from tillstream.records import losses
from tillstream.server.worker import Worker
from tillstream.settings import Settings

SALE = store_sale_schema()["examples"][0]
LINES = len(SALE["lines"])


class Shop:
    """A home with a portal and a worker, both in this process; `accepted` sales had the answer 202."""

    def __init__(self, home: Path) -> None:
        self.home, self.clock, self.accepted = home, ManualClock(), 0
        self._open()
        self._token = store_credentials.issue_store_token(
            self.app.ports, SALE["region"], SALE["store_id"], "front", "boss"
        )[1]

    def _open(self) -> None:
        self.app: App = build(Settings(home=self.home, threads=1, samples=False, project=""), self.clock)
        self.client = create_app(self.app).test_client()

    def sell(self, count: int) -> list[int]:
        """The status of each answer."""
        answers = []
        for _ in range(count):
            self.clock.advance(1)
            sale = SALE | {"number": f"n{self.accepted}"}
            answer = self.client.post("/api/sales", json=sale, headers={"Authorization": f"Bearer {self._token}"})
            answers.append(answer.status_code)
            self.accepted += answer.status_code == 202
        return answers

    def killed(self) -> None:
        """Continue on a copy of the files, as after a kill."""
        self.home = Path(shutil.copytree(self.home, self.home.with_name(f"{self.home.name}-killed")))
        self.app.close()

    def sweep(self) -> list[str]:
        noticed = self.app.home.run(whole=True) if self.app.home else []
        Worker(self.app).run_until_idle()
        self.clock.advance(90)
        reconcile.run_sweep(self.app.ports, self.app.contracts)
        Worker(self.app).run_until_idle()
        return noticed

    def counted(self) -> int:
        (row,) = self.app.ports.warehouse.query("SELECT COUNT(*) AS n FROM sale_lines").to_pylist()
        return int(row["n"]) // LINES

    def ready(self) -> int:
        return readiness(self.client.application).status_code


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "home")
    shop.sell(5)
    Worker(shop.app).run_until_idle()
    yield shop
    shop.app.close()


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


TORN = ("queue.sqlite", "queue.sqlite-wal", "accepted.log", "objects/.generation")
PAIRS = [(TORN[0], half), (TORN[1], flip), (TORN[2], Path.unlink)]


@pytest.mark.parametrize(
    "torn", [*PAIRS, *in_long_proofs(*((n, d) for n in TORN for d in (half, flip, Path.unlink) if (n, d) not in PAIRS))]
)
def test_sales_accepted_before_a_kill_count_although_a_file_is_torn(
    shop: Shop, torn: tuple[str, Callable[[Path], None]]
) -> None:
    name, damage = torn
    shop.sell(20)
    shop.killed()
    damage(shop.home / name)
    shop._open()
    shop.sell(5)
    shop.sweep()
    assert shop.counted() == shop.accepted == 30
    assert shop.ready() == 200
    assert shop.sweep() == []


def test_a_queue_that_is_cut_under_a_running_server_is_replaced_by_the_next_sweep(shop: Shop) -> None:
    shop.sell(10)
    half(shop.home / "queue.sqlite")
    shop.sell(10)
    assert "queue.sqlite was damaged" in " ".join(shop.sweep())
    shop.sell(10)
    shop.sweep()
    assert shop.counted() == shop.accepted
    assert shop.sell(1) == [202]


def test_damaged_documents_are_not_ready_until_they_are_repaired(shop: Shop) -> None:
    assert shop.app.home
    shop.killed()
    shop._open()
    path = shop.home / "documents.sqlite"
    shop.app.ports.documents._file._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[attr-defined]
    data = bytearray(path.read_bytes())
    place = data.rindex(b'"label":"front"') + 10
    path.write_bytes(data[:place] + b"x" + data[place + 1 :])
    (sentence,) = shop.app.home.run(whole=True)
    assert "is not as it was written" in sentence
    assert "tillstream rebuild --from-originals" in sentence
    assert shop.ready() == 503
    assert shop.app.home.run(whole=True) == [], "said once"
    path.write_bytes(data)
    assert shop.app.home.run(whole=True) == []
    assert shop.ready() == 200


def test_a_clock_that_was_ahead_is_a_loss_of_order_until_it_is_resolved(shop: Shop) -> None:
    shop.clock.advance(400 * 86_400)
    shop.sell(3)
    Worker(shop.app).run_until_idle()
    shop.clock.advance(-400 * 86_400)
    shop.sell(1)
    noticed = " ".join(shop.sweep())
    assert noticed.count("The clock of this machine was ahead") == 2, "files and sales"
    assert shop.counted() == shop.accepted
    assert [one.loss.kind for one in losses.open_losses(shop.app.ports)] == [losses.LossKind.STATE] * 2
    newest = max(stored.generation for stored in shop.app.ports.objects.list("inbox"))
    shop.sell(1)
    Worker(shop.app).run_until_idle()
    assert max(stored.generation for stored in shop.app.ports.objects.list("inbox")) == newest


def test_a_clock_that_is_behind_is_named_until_it_is_set(shop: Shop) -> None:
    shop.clock.advance(-86_400)
    assert "The clock of this machine shows" in " ".join(shop.sweep())
    assert [one.loss.name for one in losses.open_losses(shop.app.ports)] == ["clock"]
    assert shop.sweep() == []
    shop.clock.advance(2 * 86_400)
    shop.sweep()
    assert losses.open_losses(shop.app.ports) == []


def test_a_damaged_contract_and_secret_are_named(shop: Shop) -> None:
    for folder, name in (("contracts", "bad.yaml"), ("secrets", "password")):
        (shop.home / folder).mkdir(exist_ok=True)
        (shop.home / folder / name).write_bytes(b"\xff\xfe\x00")
    noticed = " ".join(shop.sweep())
    assert "bad.yaml" in noticed
    assert "password" in noticed
