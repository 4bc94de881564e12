"""What people, tills and a worker do to the small company; each returns whether there was something to do."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from stateful.sources import Fix, Row, Source, some_row, some_sale
from stateful.world import World

from tillstream.batches import records
from tillstream.domain.batch.record import IN_LEDGER, Batch, BatchKind, State
from tillstream.domain.events import TOPIC_STORE_SALES
from tillstream.domain.people import Role
from tillstream.people import accounts
from tillstream.pipeline.publishing.daily_totals import refresh_daily_totals
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.ports.event_bus import Message
from tillstream.workflows.intake import store_sales
from tillstream.workflows.review import decisions, replay, undo


def _source(world: World, rng: Random) -> Source:
    return rng.choice(world.latest())


def _upload(world: World, rng: Random, source: Source, rows: list[Row], columns: tuple[str, ...]) -> bool:
    upload = world.give(source, rows, columns)
    if rng.random() < 0.3:  # processed at once, as by the command line
        stage.stage(world.app.ports, upload.batch_id)
        settle.settle_all(world.app.ports, world.app.book)
    elif rng.random() < 0.6:
        world.worker.run_until_idle()
    return True


def give_file(world: World, rng: Random) -> bool:
    source = _source(world, rng)
    wide = replace(source, version=True).columns if rng.random() < 0.2 else source.columns
    return _upload(world, rng, source, [some_row(rng) for _ in range(rng.randint(1, 6))], wide)


def _some_file(world: World, rng: Random) -> tuple[list[Row], tuple[str, ...], Source] | None:
    file = [u for u in records.find(world.app.ports, kind=BatchKind.UPLOAD, limit=None) if u.sha256 in world.files]
    if not file:
        return None
    upload = rng.choice(file)
    source = next(source for source in world.latest() if source.name == upload.contract)
    return *world.files[upload.sha256], source


def repeat_file(world: World, rng: Random) -> bool:
    file = _some_file(world, rng)
    return file is not None and _upload(world, rng, file[2], file[0], file[1])


def give_correction(world: World, rng: Random) -> bool:
    """The file again with some rows changed."""
    file = _some_file(world, rng)
    if file is None:
        return False
    rows = [
        replace(row, qty=rng.randint(1, 2), price=rng.randint(1, 2)) if rng.random() < 0.5 else row for row in file[0]
    ]
    return _upload(world, rng, file[2], rows, file[1])


def give_overlap(world: World, rng: Random) -> bool:
    """Some of its rows again, shuffled, with others."""
    file = _some_file(world, rng)
    if file is None:
        return False
    rows = [row for row in file[0] if rng.random() < 0.6] + [some_row(rng) for _ in range(rng.randint(0, 3))]
    rng.shuffle(rows)
    return _upload(world, rng, file[2], rows or file[0], file[1])


def give_under_another_contract(world: World, rng: Random) -> bool:
    file = _some_file(world, rng)
    if file is None:
        return False
    others = [s for s in world.latest() if s.name != file[2].name and set(s.columns) <= set(file[1])]
    return bool(others) and _upload(world, rng, rng.choice(others), file[0], file[1])


def send(world: World, rng: Random) -> bool:
    """A few messages, some of them sent before."""
    messages = []
    for _ in range(rng.randint(1, 4)):
        sale = rng.choice(list(world.sales.values())) if world.sales and rng.random() < 0.3 else some_sale(rng)
        text = sale.body().decode("utf-8", errors="backslashreplace")
        world.sales[text] = sale
        messages.append((text, Message(sale.body())))
    world.app.ports.bus.publish(TOPIC_STORE_SALES, [message for _, message in messages])
    world.promised += [text for text, _ in messages]
    if rng.random() < 0.7:
        store_sales.receive(world.app.ports, world.app.book, rng.choice([1, 2, 100]), 0)
    if rng.random() < 0.5:
        world.worker.run_until_idle()
    return True


def _one(world: World, rng: Random, allowed: Callable[[Batch], bool]) -> Batch | None:
    batch = [u for u in records.find(world.app.ports, kind=None, limit=None) if allowed(u)]
    return rng.choice(sorted(batch, key=lambda u: (u.received_seq, u.fix_number, u.kind))) if batch else None


def undo_batch(world: World, rng: Random) -> bool:
    batch = _one(world, rng, lambda u: u.state in IN_LEDGER and u.kind != "correction")
    if batch:
        undo.undo(world.app.ports, batch.batch_id, "manager")
    return batch is not None


def fix_rows(world: World, rng: Random) -> bool:
    waiting = {
        row["batch_id"]
        for row in world.plain.ports.warehouse.query("SELECT DISTINCT batch_id FROM quarantine").to_pylist()
    }
    batch = _one(
        world, rng, lambda u: u.batch_id in waiting and u.state in IN_LEDGER and u.kind in ("upload", "replay")
    )
    if batch is None:
        return False
    waiting = [int(row["_row"]) for row in world.refused(batch.batch_id)]
    chosen = [number for number in waiting if rng.random() < 0.7] or waiting[:1]
    correction = world.fix(batch.batch_id, [_some_fix(world, batch, number, rng) for number in chosen])
    stage.stage(world.app.ports, correction.batch_id)
    settle.settle_all(world.app.ports, world.app.book)
    return True


def _some_fix(world: World, upload: Batch, number: int, rng: Random) -> Fix:
    before = world.row_now(upload, number)
    how = rng.choice(["anew", "anew", "accept", "discard"])
    if how == "anew":  # often just the cell that was wrong
        after = replace(before, fault="") if rng.random() < 0.5 else some_row(rng)
        return Fix(number, replace(after, fault="") if after.fault in ("ragged", "blank") else after, how)
    return Fix(number, before, "discard" if before.fault == "ragged" else how)


def replay_batch(world: World, rng: Random) -> bool:
    batch = _one(world, rng, lambda u: u.state in replay.REPLAYABLE and u.kind in ("upload", "replay"))
    if batch is None:
        return False
    columns = world.files[batch.sha256][1]
    fitting = [s.name for s in world.latest() if set(s.columns) <= set(columns)]
    name = rng.choice(fitting) if rng.random() < 0.4 else batch.contract
    replayed = replay.replay(world.app.ports, world.app.book, batch.batch_id, name, "clerk")
    if rng.random() < 0.7:
        stage.stage(world.app.ports, replayed.batch_id)
        settle.settle_all(world.app.ports, world.app.book)
    return True


def edit_contract(world: World, rng: Random) -> bool:
    source = _source(world, rng)
    world.teach(replace(source, edition=source.edition + 1))
    world.wait()  # sales in the queue are read by either edition; the receipt names it
    world.restart()
    return True


def confirm_held(world: World, rng: Random) -> bool:
    batch = _one(world, rng, lambda u: u.state is State.HELD)
    if batch:
        decisions.confirm(world.app.ports, batch.batch_id, "manager", as_new=rng.random() < 0.3)
        settle.settle_all(world.app.ports, world.app.book)
    return batch is not None


def confirm_as_new(world: World, rng: Random) -> bool:
    batch = _one(world, rng, lambda u: u.state in IN_LEDGER and u.kind in ("upload", "replay") and not u.as_new)
    if batch:
        decisions.confirm(world.app.ports, batch.batch_id, "manager", as_new=True)
        settle.settle_all(world.app.ports, world.app.book)
    return batch is not None


def reject_held(world: World, rng: Random) -> bool:
    batch = _one(world, rng, lambda u: u.state is State.HELD)
    if batch:
        decisions.reject(world.app.ports, batch.batch_id, "manager")
    return batch is not None


def deliver_again(world: World, rng: Random) -> bool:
    """Events that were handled long ago come again, in any order."""
    past = [(topic, message) for topic, message in world.fuse.published if topic in ("object-events", "batch-events")]
    for topic, message in rng.sample(past, min(len(past), 4)):
        world.plain.ports.bus.publish(topic, [message])
    world.worker.run_until_idle()
    return bool(past)


def stage_some(world: World, rng: Random) -> bool:
    """Stage waiting batches in any order; settle at times between them."""
    waiting = [u for u in records.find(world.app.ports, kind=None, limit=None) if u.state is State.RECEIVED]
    rng.shuffle(waiting)
    for upload in waiting[: rng.randint(1, 4)]:
        stage.stage(world.app.ports, upload.batch_id)
        if rng.random() < 0.3:
            settle.settle_all(world.app.ports, world.app.book)
    return bool(waiting)


def settle_waiting(world: World, rng: Random) -> bool:
    """Settle everything pending in one settlement."""
    for upload in records.find(world.app.ports, kind=None, limit=None):
        stage.stage(world.app.ports, upload.batch_id)
    return bool(settle.settle_all(world.app.ports, world.app.book))


def work(world: World, rng: Random) -> bool:
    world.worker.run_until_idle()
    return True


def project_sums(world: World, rng: Random) -> bool:
    return refresh_daily_totals(world.app.ports.warehouse) > 0


def sweep(world: World, rng: Random) -> bool:
    world.wait()
    return True


def admit(world: World, rng: Random) -> bool:
    """A new user who reads reports in the warehouse: the next sweep writes the scopes of that user there."""
    ports = world.plain.ports  # accounts are no step of the pipeline
    role = rng.choice((Role.ANALYST, Role.ADMIN))
    accounts.add(ports, f"reader-{len(accounts.find(ports))}@shop.example", "Reader", role)
    world.wait()
    return True


OPERATIONS: dict[str, tuple[int, Callable[[World, Random], bool]]] = {
    "file": (6, give_file),
    "message": (5, send),
    "repeat": (3, repeat_file),
    "correction": (3, give_correction),
    "overlap": (3, give_overlap),
    "another contract": (2, give_under_another_contract),
    "undo": (3, undo_batch),
    "fix": (4, fix_rows),
    "replay": (2, replay_batch),
    "contract edited": (1, edit_contract),
    "confirm": (3, confirm_held),
    "confirm as new": (1, confirm_as_new),
    "reject": (2, reject_held),
    "redelivery": (2, deliver_again),
    "stage": (4, stage_some),
    "settle": (4, settle_waiting),
    "work": (2, work),
    "sweep": (1, sweep),
    "project": (2, project_sums),
    "admit": (1, admit),
}
