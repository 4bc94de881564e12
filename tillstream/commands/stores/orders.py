"""Purchase orders as lists, one with its receipts, and as a document."""

from dataclasses import dataclass
from pathlib import Path

from tillstream.app import App
from tillstream.commands.result import Progress, Result
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.stock import order_documents
from tillstream.stock import purchase_orders as records
from tillstream.stock.order_lists import OPEN, STORED_STATES, OrderFilter, list_orders, order_row


@dataclass(frozen=True, kw_only=True)
class Orders:
    """state: a state of orders, `open` or `all`."""

    state: str = OPEN


@dataclass(frozen=True, kw_only=True)
class OfOrder:
    """number: such as PO-000012."""

    number: str


@dataclass(frozen=True, kw_only=True)
class OrderFile:
    """out: the file to write."""

    number: str
    out: str


def orders(app: App, progress: Progress, arguments: Orders) -> Result:
    """List the orders of a state, newest first."""
    if arguments.state not in STORED_STATES:
        raise Rejected(f"There is no state “{arguments.state}” of orders. The states are: {', '.join(STORED_STATES)}.")
    tracked, today = list_orders(app.ports, UNRESTRICTED, OrderFilter(arguments.state)), app.ports.clock.now().date()
    return Result([order_row(one, today, costs=True) for one in tracked])


def show(app: App, progress: Progress, arguments: OfOrder) -> Result:
    (tracked,) = records.track_orders(app.ports, [records.order_with_number(app.ports, arguments.number)])
    return Result(order_row(tracked, app.ports.clock.now().date(), costs=True))


def pdf(app: App, progress: Progress, arguments: OrderFile) -> Result:
    """Write an order as PDF."""
    order, out = records.order_with_number(app.ports, arguments.number), Path(arguments.out)
    content = order_documents.order_document(app.ports, order, costs=True).render("pdf")
    try:
        out.write_bytes(content)
    except OSError as error:
        raise Rejected(f"{out} cannot be written: {error.strerror}.") from error
    return Result({"file": str(out), "bytes": len(content), "number": order.number})
