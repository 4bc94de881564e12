"""What people, tills and a worker do to the small company; each returns whether there was something to do."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from stateful.sources import Fix, Row, Source, some_row, some_sale
from stateful.system import System

from tillstream.intake import store_sales
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind, BatchState, receipt_number, receipt_time
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.ports.bus import Message
from tillstream.records import batch_records
from tillstream.review import held_batches, replay, undo


def _source(system: System, rng: Random) -> Source:
    return rng.choice(system.latest())


def _upload(system: System, rng: Random, source: Source, rows: list[Row], columns: tuple[str, ...]) -> bool:
    upload = system.upload(source, rows, columns, system.writer())
    if rng.random() < 0.3:  # processed at once, as by the command line
        stage.stage(system.app.ports, upload.batch_id)
        settle.settle_all(system.app.ports, system.app.contracts)
    elif rng.random() < 0.6:
        system.worker.run_until_idle()
    return True


def upload_file(system: System, rng: Random) -> bool:
    source = _source(system, rng)
    wide = replace(source, version=True).columns if rng.random() < 0.2 else source.columns
    return _upload(system, rng, source, [some_row(rng) for _ in range(rng.randint(1, 6))], wide)


def _some_file(system: System, rng: Random) -> tuple[list[Row], tuple[str, ...], Source] | None:
    file = [
        u
        for u in batch_records.find_batches(system.app.ports, kind=BatchKind.UPLOAD, limit=None)
        if u.sha256 in system.files
    ]
    if not file:
        return None
    upload = rng.choice(file)
    source = next(source for source in system.latest() if source.name == upload.contract)
    return *system.files[upload.sha256], source


def repeat_file(system: System, rng: Random) -> bool:
    file = _some_file(system, rng)
    return file is not None and _upload(system, rng, file[2], file[0], file[1])


def upload_changed_file(system: System, rng: Random) -> bool:
    """The file again with some rows changed."""
    file = _some_file(system, rng)
    if file is None:
        return False
    rows = [
        replace(row, qty=rng.randint(1, 2), price=rng.randint(1, 2)) if rng.random() < 0.5 else row for row in file[0]
    ]
    return _upload(system, rng, file[2], rows, file[1])


def upload_overlap(system: System, rng: Random) -> bool:
    """Some of its rows again, shuffled, with others."""
    file = _some_file(system, rng)
    if file is None:
        return False
    rows = [row for row in file[0] if rng.random() < 0.6] + [some_row(rng) for _ in range(rng.randint(0, 3))]
    rng.shuffle(rows)
    return _upload(system, rng, file[2], rows or file[0], file[1])


def upload_under_another_contract(system: System, rng: Random) -> bool:
    file = _some_file(system, rng)
    if file is None:
        return False
    others = [s for s in system.latest() if s.name != file[2].name and set(s.columns) <= set(file[1])]
    return bool(others) and _upload(system, rng, rng.choice(others), file[0], file[1])


def send(system: System, rng: Random) -> bool:
    """A few messages, some of them sent before."""
    messages = []
    for _ in range(rng.randint(1, 4)):
        sale = rng.choice(list(system.sales.values())) if system.sales and rng.random() < 0.3 else some_sale(rng)
        text = sale.body().decode("utf-8", errors="backslashreplace")
        system.sales[text] = sale
        messages.append((text, Message(sale.body(), system.attributes(sale))))
    system.app.ports.bus.publish(TOPIC_STORE_SALES, [message for _, message in messages])
    system.promised += [text for text, _ in messages]
    if rng.random() < 0.7:
        store_sales.receive_store_sales(system.app.ports, system.app.contracts, rng.choice([1, 2, 100]), 0)
    if rng.random() < 0.5:
        system.worker.run_until_idle()
    return True


def _random_batch(system: System, rng: Random, allowed: Callable[[Batch], bool]) -> Batch | None:
    batch = [u for u in batch_records.find_batches(system.app.ports, kind=None, limit=None) if allowed(u)]
    return rng.choice(sorted(batch, key=lambda u: (u.received_seq, u.fix_number, u.kind))) if batch else None


def undo_batch(system: System, rng: Random) -> bool:
    batch = _random_batch(system, rng, lambda u: u.state in STATES_IN_LEDGER and u.kind != "correction")
    if batch:
        undo.undo_batch(system.app.ports, batch.batch_id, "manager")
    return batch is not None


def fix_rows(system: System, rng: Random) -> bool:
    waiting = {
        row["batch_id"]
        for row in system.plain.ports.warehouse.query("SELECT DISTINCT batch_id FROM quarantine").to_pylist()
    }
    batch = _random_batch(
        system, rng, lambda u: u.batch_id in waiting and u.state in STATES_IN_LEDGER and u.kind in ("upload", "replay")
    )
    if batch is None:
        return False
    waiting = [int(row["_row"]) for row in system.rejected_rows(batch.batch_id)]
    chosen = [number for number in waiting if rng.random() < 0.7] or waiting[:1]
    fixes = [_some_fix(system, batch, number, rng) for number in chosen]
    correction = system.fix(batch.batch_id, fixes, system.writer())
    stage.stage(system.app.ports, correction.batch_id)
    settle.settle_all(system.app.ports, system.app.contracts)
    return True


def _some_fix(system: System, upload: Batch, number: int, rng: Random) -> Fix:
    before = system.row_now(upload, number)
    how = rng.choice(["edit", "edit", "accept", "discard"])
    if how == "edit":  # often just the cell that was wrong
        after = replace(before, fault="") if rng.random() < 0.5 else some_row(rng)
        return Fix(number, replace(after, fault="") if after.fault in ("ragged", "blank") else after, how)
    return Fix(number, before, "discard" if before.fault == "ragged" else how)


def replay_batch(system: System, rng: Random) -> bool:
    batch = _random_batch(system, rng, lambda u: u.state in replay.REPLAYABLE_STATES and u.kind in ("upload", "replay"))
    if batch is None:
        return False
    columns = system.files[batch.sha256][1]
    fitting = [s.name for s in system.latest() if set(s.columns) <= set(columns)]
    name = rng.choice(fitting) if rng.random() < 0.4 else batch.contract
    stores = system.writer()
    received = _some_time(system, rng) if rng.random() < 0.3 else ""
    replayed = replay.replay_batch(
        system.app.ports, system.app.contracts, batch.batch_id, name, "clerk", stores=stores, received=received
    )
    if rng.random() < 0.7:
        stage.stage(system.app.ports, replayed.batch_id)
        settle.settle_all(system.app.ports, system.app.contracts)
    return True


def _some_time(system: System, rng: Random) -> str:
    """A time of receipt between those of other batches, as if the clock had been wrong."""
    times = [one.received_seq for one in batch_records.find_batches(system.app.ports, kind=None, limit=None)]
    now = receipt_number(system.app.ports.clock.now())
    return receipt_time(rng.randint(min(*times, now), now)).isoformat()


def edit_contract(system: System, rng: Random) -> bool:
    source = _source(system, rng)
    system.add_contract(replace(source, edition=source.edition + 1))
    system.wait()  # sales in the queue are read by either edition; the receipt names it
    system.restart()
    return True


def confirm_held(system: System, rng: Random) -> bool:
    batch = _random_batch(system, rng, lambda u: u.state is BatchState.HELD)
    if batch:
        held_batches.confirm_batch(system.app.ports, batch.batch_id, "manager", as_new=rng.random() < 0.3)
        settle.settle_all(system.app.ports, system.app.contracts)
    return batch is not None


def confirm_as_new(system: System, rng: Random) -> bool:
    batch = _random_batch(
        system, rng, lambda u: u.state in STATES_IN_LEDGER and u.kind in ("upload", "replay") and not u.as_new
    )
    if batch:
        held_batches.confirm_batch(system.app.ports, batch.batch_id, "manager", as_new=True)
        settle.settle_all(system.app.ports, system.app.contracts)
    return batch is not None


def reject_held(system: System, rng: Random) -> bool:
    batch = _random_batch(system, rng, lambda u: u.state is BatchState.HELD)
    if batch:
        held_batches.reject_batch(system.app.ports, batch.batch_id, "manager")
    return batch is not None


def deliver_again(system: System, rng: Random) -> bool:
    """Events that were handled long ago come again, in any order."""
    past = [(topic, message) for topic, message in system.fuse.published if topic in ("object-events", "batch-events")]
    for topic, message in rng.sample(past, min(len(past), 4)):
        system.plain.ports.bus.publish(topic, [message])
    system.worker.run_until_idle()
    return bool(past)


def stage_some(system: System, rng: Random) -> bool:
    """Stage waiting batches in any order; settle at times between them."""
    waiting = [
        u for u in batch_records.find_batches(system.app.ports, kind=None, limit=None) if u.state is BatchState.RECEIVED
    ]
    rng.shuffle(waiting)
    for upload in waiting[: rng.randint(1, 4)]:
        stage.stage(system.app.ports, upload.batch_id)
        if rng.random() < 0.3:
            settle.settle_all(system.app.ports, system.app.contracts)
    return bool(waiting)


def settle_waiting(system: System, rng: Random) -> bool:
    """Settle everything pending in one settlement."""
    for upload in batch_records.find_batches(system.app.ports, kind=None, limit=None):
        stage.stage(system.app.ports, upload.batch_id)
    return bool(settle.settle_all(system.app.ports, system.app.contracts))


def work(system: System, rng: Random) -> bool:
    system.worker.run_until_idle()
    return True


def refresh_totals(system: System, rng: Random) -> bool:
    return system.app.ports.warehouse.refresh_totals() > 0


def sweep(system: System, rng: Random) -> bool:
    system.wait()
    return True


def add_analyst(system: System, rng: Random) -> bool:
    """Add a user who reads reports in the warehouse; the next sweep writes the scopes of that user there."""
    ports = system.plain.ports  # accounts are no step of the pipeline
    role = rng.choice((Role.ANALYST, Role.ADMIN))
    accounts.add_account(ports, f"reader-{len(accounts.all_users(ports))}@shop.example", "Reader", role)
    system.wait()
    return True


OPERATIONS: dict[str, tuple[int, Callable[[System, Random], bool]]] = {
    "file": (6, upload_file),
    "message": (5, send),
    "repeat": (3, repeat_file),
    "correction": (3, upload_changed_file),
    "overlap": (3, upload_overlap),
    "another contract": (2, upload_under_another_contract),
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
    "project": (2, refresh_totals),
    "admit": (1, add_analyst),
}
