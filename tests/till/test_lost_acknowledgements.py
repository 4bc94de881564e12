"""A till asks for the state of acknowledged sales, and sends again what the server lost; older ones are not asked."""

from pathlib import Path

import pytest
from store_server import Handler, Store, StoreServer, sale

from tillstream_till import Till, delivery
from tillstream_till.setup_code import encode


@pytest.fixture
def queries_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "QUERY_SECONDS", 0.0)


def codes(till: Till) -> list[str]:
    return [notice["code"] for notice in till.notices()]


@pytest.mark.usefixtures("queries_always")
def test_what_the_server_lost_is_sent_again_once(till: Till, store: Store) -> None:
    store.queried = []
    till.record_all(sale(number) for number in range(1, 6))
    till.send()
    for sequence in (2, 4):
        store.lose(sequence)
    till.record(sale(6))
    report = till.send()
    assert store.queried[0] == ["1", "2", "3", "4", "5"]
    assert (report.sent, report.unsent, report.error) == (3, 0, "")
    assert sorted(store.sales) == ["1", "2", "3", "4", "5", "6"]
    assert len(store.arrived) == 6, "nothing else is sent again"
    assert store.reused == []
    assert codes(till) == ["sent-again"]
    till.send()
    before = len(store.queried)
    till.send()
    assert len(store.queried) == before, "all is stored"


@pytest.mark.usefixtures("queries_always")
def test_a_loss_is_noticed_without_a_new_sale(till: Till, store: Store) -> None:
    store.queried, store.waiting = [], True
    till.record_all([sale(1), sale(2)])
    till.send()
    till.record(sale(3))
    till.send()
    store.lose(1)
    assert till.send().sent == 1
    assert sorted(store.sales) == ["1", "2", "3"]


def test_a_query_is_sent_once_a_minute_and_at_the_first_contact_after_a_failure(till: Till, store: Store) -> None:
    store.queried, store.waiting = [], True
    for number in range(5):
        till.record(sale(number))
        till.send()
    assert [len(queried) for queried in store.queried] == [1]

    def unavailable(handler: Handler) -> bool:
        handler.reply(503, {"detail": "later"})
        return False

    store.faults.append(unavailable)
    till.record(sale(6))
    assert till.send().error
    till.send()
    assert [len(queried) for queried in store.queried] == [1, 5]


@pytest.mark.usefixtures("queries_always")
def test_a_server_that_does_not_answer_gets_no_request_of_its_own(till: Till, store: Store) -> None:
    till.record(sale(1))
    till.send()
    till.record(sale(2))
    till.send()
    till.send()
    assert store.requests == [1, 1]
    assert codes(till) == []


@pytest.mark.usefixtures("queries_always")
def test_a_server_that_was_replaced_by_an_older_one_gets_no_further_query(till: Till, store: Store) -> None:
    store.queried, store.waiting = [], True
    till.record(sale(1))
    till.send()
    till.record(sale(2))
    till.send()

    def refuses(handler: Handler) -> bool:
        handler.reply(422, {"code": "rejected", "detail": "messages must be a list of messages."})
        return False

    store.faults.append(refuses)
    till.record(sale(3))
    report = till.send()
    assert (report.sent, report.refused) == (1, 0), "a question that is refused refuses no sale"
    till.record(sale(4))
    till.send()
    store.faults.append(refuses)
    assert till.send().error == ""
    assert till.send().refused == 0
    assert store.faults == []
    assert till.status(refresh=False)["refused"] == []


@pytest.mark.usefixtures("queries_always")
def test_a_query_lists_nothing_that_was_acknowledged_long_ago(
    till: Till, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.queried = []
    till.record(sale(1))
    till.send()
    monkeypatch.setattr(delivery, "QUERY_DAYS", -1)
    till.record(sale(2))
    till.send()
    assert store.queried == []


@pytest.mark.usefixtures("queries_always")
def test_a_salvaged_outbox_still_sends_again_what_the_server_lost(till: Till, store: Store, folder: Path) -> None:
    store.queried, store.waiting = [], True
    till.record_all(sale(number) for number in range(1, 30))
    till.send()
    outbox = folder / "outbox.sqlite"
    with outbox.open("r+b") as stream:
        stream.truncate(outbox.stat().st_size - 1)
    store.lose(3)
    till.record(sale(30))
    till.send()
    assert "3" in store.sales
    assert store.reused == []


def test_a_till_without_a_key_sends_no_query(server: StoreServer, folder: Path, markers: Path) -> None:
    server.store.keys.clear()
    server.store.queried = []
    with Till.init(folder, encode(server.setup())) as till:
        for number in (1, 2):
            till.record(sale(number))
            assert till.send().sent == 1
    assert server.store.queried == []
