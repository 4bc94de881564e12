"""Lead times of suppliers: learned from first arrivals, entered, or usual."""

from datetime import date, timedelta
from decimal import Decimal

from order_steps import KETTLE, arrive, lines, sent

from tillstream.adapters.local.clock import ManualClock
from tillstream.ports import Ports
from tillstream.stock import order_arrivals
from tillstream.stock.order_arrivals import LeadTime
from tillstream.stock.purchase_orders import OrderState, PurchaseOrder, TrackedOrder

SENT = date(2026, 6, 1)


def _arrived(number: int, days: int | None, expected: int | None = None, supplier: str = "ACME") -> TrackedOrder:
    """The order of a number, sent on its day of June, of which the first part arrived after `days`."""
    sent_on = SENT + timedelta(days=number)
    order = PurchaseOrder(
        f"order-{number}", supplier, "IN", "MUM01", "INR", lines({KETTLE: 6}), f"PO-{number:06}", OrderState.CLOSED,
        sent_on=sent_on, expected_on=None if expected is None else sent_on + timedelta(days=expected),
    )  # fmt: skip
    first = None if days is None else sent_on + timedelta(days=days)
    return TrackedOrder(order, {}, first, first)


def test_the_median_and_nine_of_ten_orders() -> None:
    learned = order_arrivals.learn_lead_times(
        _arrived(number, days) for number, days in enumerate([5, 6, 7, 7, 7, 8, 8, 9, 9, 30])
    )
    assert learned == {"ACME": LeadTime(7.5, 9, 10, None)}


def test_three_orders_teach_a_lead_time_and_two_do_not() -> None:
    two = [_arrived(1, 4), _arrived(2, 6), _arrived(3, None), _arrived(4, -1), _arrived(5, 3, supplier="SUN")]
    assert order_arrivals.learn_lead_times(two) == {}
    assert order_arrivals.learn_lead_times([*two, _arrived(6, 8)]) == {"ACME": LeadTime(6.0, 8, 3, None)}


def test_the_newest_twenty_orders_count() -> None:
    older, newer = (_arrived(number, 40) for number in range(9)), (_arrived(number, 3) for number in range(9, 29))
    assert order_arrivals.learn_lead_times([*newer, *older]) == {"ACME": LeadTime(3.0, 3, 20, None)}


def test_the_share_of_late_orders_is_of_those_with_an_expected_day() -> None:
    orders = [_arrived(1, 7, 7), _arrived(2, 8, 7), _arrived(3, 9, 7), _arrived(4, 99), _arrived(5, 2, 7)]
    assert order_arrivals.learn_lead_times(orders)["ACME"].late == 0.5


def test_what_is_entered_precedes_what_is_learned() -> None:
    learned = LeadTime(4.5, 9, 12, None)
    assert order_arrivals.lead_time_days(Decimal("2.5"), learned) == 3
    assert order_arrivals.lead_time_days(Decimal(0), learned) == 0
    assert order_arrivals.lead_time_days(None, learned) == 5
    assert order_arrivals.lead_time_days(None, None) == 7


def test_stored_orders_teach_their_supplier(ports: Ports, clock: ManualClock) -> None:
    for days in (2, 4, 6):
        sent(ports, {KETTLE: 6}, f"order-{days}")
        on = clock.now().date() + timedelta(days=days)
        arrive(ports, {KETTLE: 6 if days < 6 else 5}, f"receipt-{days}", f"order-{days}", on)
    assert order_arrivals.stored_lead_times(ports) == {"ACME": LeadTime(4.0, 6, 3, None)}
