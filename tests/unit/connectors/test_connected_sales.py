"""Store sales that a connector pulls: accepted ones count once, all others are kept in quarantine."""

import json

from unit.connectors.connector_steps import Connected, store_sale

from tillstream.connectors import run_history
from tillstream.people import store_credentials


def lines(*messages: object, cursor: bool = True) -> dict[str, object]:
    return {"text": "\n".join(m if isinstance(m, str) else json.dumps(m) for m in messages), "is_sales": True}


def refusals(connected: Connected) -> list[str]:
    rows = connected.app.ports.warehouse.query("SELECT code FROM refusals ORDER BY 1").to_pylist()
    return [row["code"] for row in rows]


def test_each_line_is_a_sale_of_its_store_and_counts_once(connected: Connected) -> None:
    connected.add(contract="")
    connected.offer(lines(store_sale("1"), store_sale("2")), lines(store_sale("2"), store_sale("3")))
    run = connected.run()
    connected.settle()
    assert (run.outcome, run.sales, run.items, run.notes) == (run_history.DONE, 4, 2, ())
    assert connected.lines() == 3
    assert refusals(connected) == []


def test_what_is_no_sale_is_kept_in_quarantine(connected: Connected) -> None:
    connected.add(contract="")
    endless = json.dumps(store_sale("x") | {"customer_name": "x" * 300_000})
    connected.offer(lines("{not json", store_sale("1"), {"region": "IN"}, endless))
    run = connected.run()
    connected.settle()
    assert (run.sales, connected.lines(), len(refusals(connected))) == (4, 1, 3)
    assert run.notes == ("Messages longer than a message can be, of which the beginning is kept: 1.",)


def test_an_unsigned_sale_of_a_store_with_a_key_is_kept_in_quarantine(connected: Connected) -> None:
    store_credentials.issue_store_key(connected.app.ports, "IN", "MUM01", "front", "ana")
    connected.add(contract="")
    connected.offer(lines(store_sale("1")))
    connected.run()
    connected.settle()
    assert (connected.lines(), refusals(connected)) == (0, ["unverified-message"])
