"""Single steps in a system under test, for tests with a fixed schedule."""

from stateful.sources import Fix, Row, Sale, Source
from stateful.system import System

from tillstream.model.batch import Batch
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.ports.bus import Message
from tillstream.receipts import receipt as receipts

GOOD = Row("1", "P", 1, 1, "1", 1, "2024-03-01", "S1")


def like(row: Row = GOOD, **changes: object) -> Row:
    return Row(**(vars(row) | changes))  # type: ignore[arg-type]


def source(system: System, name: str) -> Source:
    return next(each for each in system.latest() if each.name == name)


def upload_rows(system: System, name: str, *rows: Row, settled: bool = True) -> str:
    contract = source(system, name)
    upload = system.upload(contract, list(rows), contract.columns)
    system.clock.advance(1)
    if settled:
        process(system, upload)
    return upload.batch_id


def process(system: System, upload: Batch) -> None:
    stage.stage(system.app.ports, upload.batch_id)
    settle.settle_all(system.app.ports, system.app.contracts)


def send_sales(system: System, *sales: Sale) -> None:
    for sale in sales:
        text = sale.body().decode("utf-8", errors="backslashreplace")
        system.sales[text] = sale
    system.app.ports.bus.publish(TOPIC_STORE_SALES, [Message(sale.body()) for sale in sales])
    system.worker.run_until_idle()


def fix(system: System, batch: str, *fixes: Fix) -> None:
    process(system, system.fix(batch, list(fixes)))


def rows(system: System, batch: str) -> dict[str, int]:
    counted = receipts.batch_receipt(system.app.ports, batch)["rows"]
    return {name: count for name, count in counted.items() if count and name != "read"}
