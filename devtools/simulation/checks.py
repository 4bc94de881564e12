"""What must hold at the end of a schedule: the product's figures, lines and receipts are those of the books."""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from devtools.simulation.books import Books, Change, Changes, Figure
from devtools.simulation.entries import Cell, Content, Difference, Key
from devtools.simulation.home import LISTENER, Home
from devtools.simulation.settled import Reader, Sent
from tillstream.model.batch import STATES_IN_LEDGER, TERMINAL_STATES, BatchKind, BatchState
from tillstream.model.document_json import JsonObject

OUTCOMES = ("new", "corrected", "duplicate", "quarantined", "blank", "ignored")
LINES = """SELECT region, store_id, FORMAT_DATE('%F', sale_date) AS day, sale_id, line_key, product_id, quantity,
    unit_price FROM current_lines"""
FIGURES = """SELECT region, store_id, FORMAT_DATE('%F', sale_date) AS day, product_id, COUNT(*) AS n,
    SUM(quantity) AS units, SUM(active_net) AS net FROM line_facts
    GROUP BY region, store_id, sale_date, product_id"""
RECEIPTS = """SELECT batch_id, kind, rows_read AS read, rows_new AS new, rows_corrected AS corrected,
    rows_duplicate AS duplicate, rows_quarantined AS quarantined, rows_blank AS blank, rows_ignored AS ignored
    FROM receipts"""


def check(home: Home, books: Books, reader: Reader, sent: Sent) -> None:
    """Compare everything. Raises `Difference`."""
    _check_lines(home, books)
    _check_figures(home, books)
    _check_receipts(home, books)
    _check_events(home, reader)
    _check_nothing_is_lost(home, reader, sent)


def _check_lines(home: Home, books: Books) -> None:
    lines: dict[Cell, dict[Key, Content]] = defaultdict(dict)
    for row in home.query(LINES):
        cell, key = Cell(row["region"], row["store_id"], row["day"]), Key(row["sale_id"], row["line_key"])
        if key in lines[cell]:
            raise Difference("lines", f"{cell} {key} counts twice", [_seed(cell)])
        lines[cell][key] = Content(row["product_id"], int(row["quantity"]), row["unit_price"])
    _compare("lines", lines, {cell: books.lines(cell) for cell in books.cells()})


def _check_figures(home: Home, books: Books) -> None:
    figures: dict[Cell, dict[str, Figure]] = defaultdict(dict)
    for row in home.query(FIGURES):
        cell = Cell(row["region"], row["store_id"], row["day"])
        figures[cell][row["product_id"]] = Figure(row["n"], int(row["units"]), row["net"])
    _compare("figures", figures, {cell: books.figures(cell) for cell in books.cells()})


def _compare(what: str, product: dict[Cell, Any], model: dict[Cell, Any]) -> None:
    cells = [cell for cell in product.keys() | model.keys() if product.get(cell, {}) != model.get(cell, {})]
    if cells:
        first = min(cells)
        text = f"{what} of {first}: product {product.get(first)}, books {model.get(first)}"
        raise Difference(what, text, map(_seed, cells))


def _check_receipts(home: Home, books: Books) -> None:
    receipts = {row["batch_id"]: row for row in home.query(RECEIPTS)}
    roots = {name: batch for name, batch in books.batches.items() if not batch.parent}
    if receipts.keys() != roots.keys():
        raise Difference("batches", f"batches in the ledger: {receipts.keys() ^ roots.keys()}")
    for name, row in receipts.items():
        expected = books.receipt(name)
        actual = {outcome: row[outcome] for outcome in OUTCOMES}
        seeds = [_seed(entry.cell) for entry in roots[name].rows]
        if row["read"] != sum(actual.values()):
            raise Difference("balance of receipts", f"the receipt of {name} does not balance: {row}", seeds)
        if row["read"] != expected["read"] or Counter(actual) != Counter({each: expected[each] for each in OUTCOMES}):
            raise Difference("receipts", f"the receipt of {name}: product {row}, books {expected}", seeds)


def _check_events(home: Home, reader: Reader) -> None:
    """Each change of a line is published, with one id; an event that a crash repeats has the same id and text."""
    by_id: dict[str, JsonObject] = {}
    for event in home.sale_events():
        if by_id.setdefault(event["id"], event) != event:
            raise Difference("repeated events", f"one event with two texts: {event}, {by_id[event['id']]}")
    published: dict[int, Changes] = defaultdict(dict)
    for event in by_id.values():
        line, changes = event["line"], published[event["settlement_no"]]
        name = Cell(line["region"], line["store_id"], line["sale_date"]), Key(line["sale_id"], line["line_key"])
        if name in changes:
            text = f"two events of {name} in settlement {event['settlement_no']}"
            raise Difference("repeated events", text, [_seed(name[0])])
        content = Content(line["product_id"], int(line["quantity"]), Decimal(line["unit_price"]))
        changes[name] = Change(event["change"], content)
    for number, expected in reader.changes.items():
        names = expected.keys() | published[number].keys()
        wrong = [name for name in names if expected.get(name) != published[number].get(name)]
        if wrong:
            first = min(wrong)
            text = f"events of settlement {number}: product {published[number].get(first)}, books {expected.get(first)}"
            raise Difference("events", f"{text}, of {first}", [_seed(cell) for cell, _ in wrong])
    if unknown := published.keys() - reader.changes.keys():
        raise Difference("events", f"events of settlements that the ledger lacks: {unknown}")


def _check_nothing_is_lost(home: Home, reader: Reader, sent: Sent) -> None:
    """Every acknowledged file and message is kept, in the ledger or undone; nothing waits or has failed."""
    records = home.find_batches()
    for record in records:
        if record.state not in TERMINAL_STATES or record.state is BatchState.REJECTED:
            text = f"{record.kind} {record.batch_id} is {record.state}: {record.holds} {record.error}"
            raise Difference(f"{record.kind} {record.state}", text)
        if record.state in STATES_IN_LEDGER and record.kind is BatchKind.STORE_SALES and not reader.original(record):
            raise Difference("lost originals", f"the original of {record.batch_id} is lost")
    lost = sent.files.keys() - {record.sha256 for record in records}
    if lost:
        seeds = [_seed_of(sent.files[sha][1][0].store) for sha in lost]
        raise Difference("lost files", f"files are lost: {lost}", seeds)
    micro_batches = [record for record in records if record.kind is BatchKind.STORE_SALES]
    kept = {line["message"] for record in micro_batches for line in reader.original(record)}
    if missing := sent.messages.keys() - kept:
        seeds = [_seed_of(sent.messages[text][1][0].store) for text in missing]
        raise Difference("lost messages", "messages are lost", seeds)
    letters = home.plain.ports.bus.dead_letters()
    waiting = [
        depth
        for depth in home.plain.ports.bus.queue_depths()
        if depth.subscription != LISTENER and (depth.ready, depth.delayed, depth.leased) != (0, 0, 0)
    ]
    if letters or waiting:
        raise Difference("events left", f"events are left: {letters} {waiting}")


def _seed(cell: Cell) -> int:
    return _seed_of(cell.store)


def _seed_of(store: str) -> int:
    return int(store[1:-1])
