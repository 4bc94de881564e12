"""Five till messages a second in a project, on the emulators: at every moment each sale is either unsettled or in the
ledger, and at the end the ledger has all of them.

The calls of `receive` and the settlements run beside each other, as their functions do, and every read is one query.
Sales are delivered twice, corrected while they are unsettled, and corrected after their settlement.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from stateful.on_google import project
from threads import join_thread

from examples import in_long_proofs
from functions.receiving import keep_receiving
from tillstream.app import App, build
from tillstream.handlers import FUNCTIONS, Event, dispatch
from tillstream.intake.store_sales import publish_unsigned_sale
from tillstream.model.batch import Batch
from tillstream.model.errors import Conflict
from tillstream.model.events import SALES_RECEIVED
from tillstream.model.messages import store_sale_schema
from tillstream.people.store_credentials import StoreToken
from tillstream.pipeline.settling.settle import settle_all

pytestmark = pytest.mark.usefixtures("pubsub", "firestore", "cloud_storage", "bigquery")
A_SECOND = 5
TILL = StoreToken("till", "UK", "LON1")
BOTH = """
SELECT sale_id, CAST(SUM(net_amount) AS NUMERIC) AS amount, SUM(is_settled) AS settled, COUNT(*) AS n
FROM (
  SELECT sale_id, net_amount, 1 AS is_settled FROM sale_lines
  UNION ALL
  SELECT sale_id, net_amount, 0 AS is_settled FROM unsettled_lines
)
GROUP BY sale_id
"""


@pytest.fixture
def app() -> Iterator[App]:
    with closing(build(project())) as app:
        yield app


def message(number: int, version: int) -> dict[str, Any]:
    """One line, whose amount is the number of the sale plus a thousand for each version."""
    amount = str(number + 1_000 * version)
    line = {"line": "1", "product_id": "P", "quantity": "1", "unit_price": amount, "net_amount": amount}
    sold_at = datetime.now(UTC).isoformat(timespec="seconds")
    return store_sale_schema()["examples"][0] | {
        "number": str(number), "version": version, "sold_at": sold_at, "lines": [line],
    }  # fmt: skip


class Tills:
    """Send new sales at a steady rate; a tenth of the messages repeat or correct an earlier sale."""

    def __init__(self, app: App) -> None:
        self._app, self._rng = app, Random(20)
        self.versions: dict[int, int] = {}

    def sell(self, seconds: float) -> None:
        begun = time.monotonic()
        for count in range(int(seconds * A_SECOND)):
            time.sleep(max(0.0, begun + count / A_SECOND - time.monotonic()))
            number = self._rng.choice([*self.versions]) if count % 10 == 9 else len(self.versions) + 1
            version = self.versions.get(number, 0) + (count % 20 != 19)
            publish_unsigned_sale(self._app.ports, TILL, message(number, version))
            self.versions[number] = version


def repeat(work: Callable[[], object], until: threading.Event, pause: float, failures: list[BaseException]) -> Any:
    def loop() -> None:
        while not until.is_set():
            try:
                work()
            except Conflict:
                continue
            except BaseException as error:  # noqa: BLE001 - the test fails with it
                failures.append(error)
                return
            until.wait(pause)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    return thread


def rows(app: App) -> dict[int, dict[str, Any]]:
    return {int(row["sale_id"]): row for row in app.ports.warehouse.query(BOTH).to_pylist()}


@pytest.mark.parametrize("seconds", [8, *in_long_proofs(300)])
def test_every_sale_is_unsettled_or_in_the_ledger_at_every_moment(app: App, seconds: int) -> None:
    tills, ended, failures = Tills(app), threading.Event(), list[BaseException]()

    def stage(batch: Batch) -> None:
        dispatch(app, Event("1", SALES_RECEIVED, {"batch_id": batch.batch_id}), FUNCTIONS["sales"])

    threads = [
        repeat(lambda: keep_receiving(app.ports, app.contracts, 2_000, 2, 0.2, stage), ended, 0, failures),
        repeat(lambda: settle_all(app.ports, app.contracts), ended, 2, failures),
    ]
    selling = threading.Thread(target=tills.sell, args=(seconds,), daemon=True)
    selling.start()
    visible, unsettled = set[int](), set[int]()
    until = time.monotonic() + seconds + 120
    while time.monotonic() < until and not failures:
        is_over = not selling.is_alive()
        now = rows(app)
        assert {number for number, row in now.items() if row["n"] != 1} == set(), "a sale counts twice"
        assert visible - now.keys() == set(), "a sale disappeared"
        visible |= now.keys()
        unsettled |= {number for number, row in now.items() if not row["settled"]}
        if is_over and all(
            row["settled"] and row["amount"] == number + 1_000 * tills.versions[number] for number, row in now.items()
        ) and len(now) == len(tills.versions):  # fmt: skip
            break
    ended.set()
    for thread in (selling, *threads):
        join_thread(thread)
    assert failures == []
    assert visible == tills.versions.keys()
    assert len(unsettled) > len(visible) / 2, "most sales are visible before their settlement"
    final = rows(app)
    expected = sum(number + 1_000 * version for number, version in tills.versions.items())
    assert sum(row["amount"] for row in final.values()) == Decimal(expected)
    assert app.ports.warehouse.query("SELECT sale_id FROM unsettled_lines").num_rows == 0
