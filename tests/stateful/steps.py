"""Single steps in a system under test, for tests with a fixed schedule."""

from stateful.sources import Fix, Row, Sale, Source
from stateful.world import World

from tillstream.domain.batch.record import Batch
from tillstream.domain.events import TOPIC_STORE_SALES
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.ports.event_bus import Message
from tillstream.receipts import receipt as receipts

GOOD = Row("1", "P", 1, 1, "1", 1, "2024-03-01", "S1")


def like(row: Row = GOOD, **changes: object) -> Row:
    return Row(**(vars(row) | changes))  # type: ignore[arg-type]


def source(world: World, name: str) -> Source:
    return next(each for each in world.latest() if each.name == name)


def upload_rows(world: World, name: str, *rows: Row, settled: bool = True) -> str:
    contract = source(world, name)
    upload = world.give(contract, list(rows), contract.columns)
    world.clock.advance(1)
    if settled:
        drive(world, upload)
    return upload.batch_id


def drive(world: World, upload: Batch) -> None:
    stage.stage(world.app.ports, upload.batch_id)
    settle.settle_all(world.app.ports, world.app.book)


def send_sales(world: World, *sales: Sale) -> None:
    for sale in sales:
        text = sale.body().decode("utf-8", errors="backslashreplace")
        world.sales[text] = sale
    world.app.ports.bus.publish(TOPIC_STORE_SALES, [Message(sale.body()) for sale in sales])
    world.worker.run_until_idle()


def fix(world: World, batch: str, *fixes: Fix) -> None:
    drive(world, world.fix(batch, list(fixes)))


def rows(world: World, batch: str) -> dict[str, int]:
    counted = receipts.receipt(world.app.ports, batch)["rows"]
    return {name: count for name, count in counted.items() if count and name != "read"}
