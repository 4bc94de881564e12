"""Orders in any order of steps equal a plain model of what is expected and what has arrived."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app_factory import build
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from order_steps import KETTLE, LAMP, NOW, add_catalogue, arrive, draft

from examples import examples
from tillstream.adapters.local.clock import ManualClock
from tillstream.model.errors import Rejected
from tillstream.settings import Settings
from tillstream.stock import order_arrivals, purchase_orders
from tillstream.stock.purchase_orders import OrderState

UNITS = st.dictionaries(st.sampled_from([KETTLE, LAMP]), st.integers(1, 9), min_size=1)


@dataclass
class Model:
    """An order without the product's code. receipts: units by product, by the ID of each receipt."""

    units: dict[str, int]
    state: str = "draft"
    receipts: dict[str, dict[str, int]] = field(default_factory=dict)

    def arrived(self, product: str) -> int:
        return sum(one.get(product, 0) for one in self.receipts.values())

    @property
    def missing(self) -> dict[str, int]:
        left = {product: count - self.arrived(product) for product, count in self.units.items()}
        return {product: count for product, count in left.items() if count > 0}


class Orders(RuleBasedStateMachine):
    ids = Bundle("ids")
    receipts = Bundle("receipts")

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        home = Path(self.folder.name) / "home"
        self.app = build(Settings(home=home, samples=False, threads=1), ManualClock(NOW))
        add_catalogue(self.app.ports)
        self.models: dict[str, Model] = {}

    def teardown(self) -> None:
        self.app.close()
        self.folder.cleanup()

    @rule(target=ids, units=UNITS)
    def create(self, units: dict[str, int]) -> str:
        order_id = f"order-{len(self.models)}"
        for _ in range(2):  # a repeated request
            draft(self.app.ports, units, order_id)
        self.models[order_id] = Model(units)
        return order_id

    @rule(order_id=ids)
    def send(self, order_id: str) -> None:
        self._step(order_id, purchase_orders.send_order, {"draft"}, "sent")

    @rule(order_id=ids)
    def close(self, order_id: str) -> None:
        self._step(order_id, purchase_orders.close_order, {"sent"}, "closed")

    @rule(order_id=ids)
    def reopen(self, order_id: str) -> None:
        self._step(order_id, purchase_orders.reopen_order, {"closed"}, "sent")

    @rule(order_id=ids)
    def cancel(self, order_id: str) -> None:
        permitted = set() if self.models[order_id].receipts else {"draft", "sent"}
        self._step(order_id, purchase_orders.cancel_order, permitted, "cancelled")

    @rule(target=receipts, order_id=ids, units=UNITS)
    def receive(self, order_id: str, units: dict[str, int]) -> tuple[str, str]:
        model, movement_id = self.models[order_id], f"receipt-{sum(len(one.receipts) for one in self.models.values())}"
        movement_id += f"-{order_id}-{sorted(units.items())}"
        if model.state not in {"sent", "closed"}:
            _refused(lambda: arrive(self.app.ports, units, movement_id, order_id))
            return order_id, ""
        if movement_id in model.receipts:
            return order_id, movement_id
        for _ in range(2):
            arrive(self.app.ports, units, movement_id, order_id)
        model.receipts[movement_id] = units
        if model.state == "sent" and not model.missing:
            model.state = "closed"
        return order_id, movement_id

    @rule(receipt=receipts)
    def cancel_receipt(self, receipt: tuple[str, str]) -> None:
        order_id, movement_id = receipt
        model = self.models[order_id]
        if movement_id not in model.receipts:
            return
        order_arrivals.cancel_receipt(self.app.ports, movement_id, by="ana")
        del model.receipts[movement_id]
        if model.state == "closed":
            model.state = "sent"

    @invariant()
    def equals_the_model(self) -> None:
        ports = self.app.ports
        for one in purchase_orders.track_orders(ports, purchase_orders.find_orders(ports)):
            model = self.models[one.order.order_id]
            assert one.order.state.value == model.state
            assert one.missing_units == model.missing
            assert one.open_units == (model.missing if model.state == "sent" else {})
            assert all(count > 0 for count in one.open_units.values())
        expected: dict[tuple[str, str, str], int] = {}
        for model in self.models.values():
            for product, count in (model.missing if model.state == "sent" else {}).items():
                key = "IN", "MUM01", product
                expected[key] = expected.get(key, 0) + count
        assert purchase_orders.units_on_order(ports) == expected

    def _step(self, order_id: str, step: Callable[..., Any], permitted: set[str], after: str) -> None:
        model = self.models[order_id]
        if model.state in permitted:
            assert step(self.app.ports, order_id, by="ana").state == OrderState(after)
            model.state = after
        else:
            _refused(lambda: step(self.app.ports, order_id, by="ana"))


def _refused(act: Callable[[], object]) -> None:
    try:
        act()
    except Rejected:
        return
    raise AssertionError("The step is not refused")


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=examples(60))
