"""Orders of the demo agree with the catalogue of the demo."""

from tillstream.commands.demo_shop.stock import DEMO_ORDERS, SUPPLIERS


def test_orders_are_expected_after_the_lead_time_of_their_supplier() -> None:
    days = {
        (one.supplier, one.sent - one.expected)
        for one in DEMO_ORDERS
        if one.sent is not None and one.expected is not None
    }
    assert days == {(code, lead_days) for code, (_, lead_days, _) in SUPPLIERS.items()}
