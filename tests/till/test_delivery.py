"""Sending: in order, in batches, acknowledged one by one; whatever the network does, nothing is lost or doubled."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from store_server import Handler, Store, StoreServer, sale

from tillstream_till import Till
from tillstream_till.delivery import LONGEST_DELAY, delay_before
from tillstream_till.errors import Busy
from tillstream_till.outbox.file_lock import locked
from tillstream_till.setup_code import encode


def test_sales_arrive_in_order_and_leave_the_outbox(till: Till, store: Store) -> None:
    till.record_all(sale(number) for number in range(1200))
    report = till.send()
    assert (report.sent, report.refused, report.unsent, report.error) == (1200, 0, 0, "")
    assert store.requests == [500, 500, 200]
    assert store.first_arrivals() == [str(number) for number in range(1200)]
    assert till.send().sent == 0
    assert len(store.arrived) == 1200


def test_a_batch_has_at_most_a_megabyte(till: Till, store: Store) -> None:
    line = {"net_amount": "1", "product_name": "x" * 500}
    till.record_all(sale(number, lines=[line] * 100) for number in range(40))
    till.send()
    assert max(store.requests) < 20
    assert len(store.sales) == 40


def test_a_lost_reply_sends_the_same_bytes_again(till: Till, store: Store) -> None:
    def lose_reply(handler: Handler) -> bool:
        handler.hang_up()
        return True

    store.faults.append(lose_reply)
    till.record_all([sale(1), sale(2)])
    assert till.send().code == "offline"
    assert till.status(refresh=False)["unsent"] == 2
    assert till.send().sent == 2
    assert len(store.arrived) == 4
    assert store.reused == []
    assert list(store.sales) == ["1", "2"]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Sign in to the network</html>", b"{}", b'{"results": []}', b"null",
     b'{"results": [{"sequence": "7", "status": "accepted"}]}', b'{"results": [{"sequence": "1", "status": "fine"}]}'],
)  # fmt: skip
def test_a_reply_that_does_not_acknowledge_the_message_leaves_it_unsent(till: Till, store: Store, body: bytes) -> None:
    store.faults.append(lambda handler: bool(handler.reply(202, body)))
    till.record(sale(1))
    report = till.send()
    assert (report.sent, report.unsent, report.code) == (0, 1, "unreadable-reply")
    assert till.send().sent == 1


def test_a_refused_sale_does_not_stop_the_others_and_is_listed(till: Till, store: Store) -> None:
    store.refuse["2"] = ("not-your-store", "This number belongs to PAR1")
    till.record_all(sale(number) for number in (1, 2, 3))
    report = till.send()
    assert (report.sent, report.refused, report.unsent) == (2, 1, 0)
    [refused] = till.status(refresh=False)["refused"]
    assert (refused["number"], refused["code"], refused["detail"]) == ("2", "not-your-store", store.refuse["2"][1])
    assert till.send().refused == 0
    store.refuse.clear()
    assert till.send(retry_refused=True).sent == 1
    assert till.status(refresh=False)["refused"] == []
    assert store.reused == []


def test_one_request_that_is_refused_whole_is_halved_until_only_the_cause_is_refused(till: Till, store: Store) -> None:
    def refuse_with_five(handler: Handler) -> bool:
        import gzip

        store.faults.append(refuse_with_five)
        if b'\\"number\\":\\"5\\"' in gzip.decompress(handler.body):
            handler.reply(422, {"code": "invalid-request", "detail": "no such thing"})
            return False
        handler.reply(202, handler.results())
        return False

    store.faults.append(refuse_with_five)
    till.record_all(sale(number) for number in range(10))
    report = till.send()
    assert (report.sent, report.refused) == (9, 1)
    assert list(store.sales) == [str(number) for number in range(10) if number != 5]


@pytest.mark.parametrize("status", [400, 403, 404, 422, 301])
def test_a_reply_of_another_program_refuses_nothing(till: Till, store: Store, status: int) -> None:
    store.faults.append(lambda handler: bool(handler.reply(status, b"<h1>Proxy</h1>", Location="http://127.0.0.1:9")))
    till.record(sale(1))
    assert till.send().unsent == 1
    assert till.status(refresh=False)["refused"] == []


def test_a_busy_server_decides_when_to_try_again(till: Till, store: Store) -> None:
    store.faults.append(lambda handler: bool(handler.reply(503, {"detail": "later"}, Retry_After="90")))
    till.record(sale(1))
    report = till.send()
    assert (report.retry_after, report.unsent) == (90.0, 1)
    assert delay_before(1, report.retry_after, 0.0) == 90.0


def test_delays_grow_with_jitter_to_a_limit() -> None:
    assert [delay_before(attempt, None, 1.0) for attempt in (1, 2, 3, 40)] == [1.0, 2.0, 4.0, LONGEST_DELAY]
    assert delay_before(3, None, 0.0) == 2.0


def test_a_token_that_is_refused_keeps_everything(till: Till, server: StoreServer, folder: Path) -> None:
    till.record(sale(1))
    setup = json.loads((folder / "till.json").read_text())
    setup["setup"]["token"] = "till_revoked"
    (folder / "till.json").write_text(json.dumps(setup))
    with Till.open(folder) as other:
        report = other.send()
    assert (report.code, report.unsent) == ("token-refused", 1)
    assert "new setup code" in report.error


def test_a_new_key_signs_again_what_is_not_sent(till: Till, server: StoreServer, folder: Path) -> None:
    till.record(sale(1))
    server.store.new_key("k2")
    del server.store.keys["k1"]
    assert till.send().refused == 1
    till.record(sale(2))
    with Till.init(folder, encode(server.setup("k2"))) as renewed:
        assert renewed.send(retry_refused=True).sent == 2
    assert list(server.store.sales) == ["2", "1"]


def test_a_store_without_a_key_sends_unsigned_messages(server: StoreServer, folder: Path, markers: Path) -> None:
    server.store.keys.clear()
    with Till.init(folder, encode(server.setup())) as till:
        till.record(sale(1))
        assert till.send().sent == 1
        [message] = server.store.arrived
    assert message["number"] == "1"


def test_a_second_process_states_that_one_sends_already(till: Till, folder: Path) -> None:
    with locked(folder / "send.lock", 0, ""), pytest.raises(Busy, match="Another process sends"):
        till.send()


@pytest.mark.parametrize(("hours", "direction"), [(3, "behind"), (-3, "ahead of")])
def test_a_wrong_clock_is_shown_and_changes_no_sale(till: Till, store: Store, hours: int, direction: str) -> None:
    store.clock = timedelta(hours=hours)
    till.record(sale(1))
    till.send()
    assert f"3 hours {direction} the server's" in till.status(refresh=False)["clock"]
    assert store.sales["1"]["sold_at"] == sale(1)["sold_at"]
    store.clock = timedelta()
    till.record(sale(2))
    till.send()
    assert till.status(refresh=False)["clock"] == ""


def test_status_lists_quarantined_sales_until_they_are_resolved(till: Till, store: Store) -> None:
    till.record_all([sale(1), sale(2), sale(3)])
    till.send()
    problem = {"code": "word-not-allowed", "message": "Unknown status", "remedy": ""}
    common = {"region": "UK", "store_id": "LON1", "version": 0, "till": "T1", "problems": [], "at": ""}
    store.outcomes += [
        common | {"number": "1", "outcome": "counted"},
        common | {"number": "2", "outcome": "quarantined", "problems": [problem]},
        common | {"number": "3", "outcome": "counted"},
        common | {"number": "9", "outcome": "quarantined", "till": "T2"},
    ]
    status = till.status()
    assert status["outcomes"] == {"counted": 2, "quarantined": 1}
    assert [(each["number"], each["problems"]) for each in status["quarantined"]] == [("2", [problem])]
    store.outcomes.append(common | {"number": "2", "outcome": "counted"})
    assert till.status()["quarantined"] == []


def test_a_forged_message_changes_no_outcome_of_the_till(till: Till, store: Store) -> None:
    till.record_all([sale(1), sale(2)])
    till.send()
    common = {"region": "UK", "store_id": "LON1", "till": "T1", "at": ""}
    forged = common | {"outcome": "quarantined", "problems": [{"code": "unverified-message"}]}
    store.outcomes += [
        common | {"number": "1", "version": 0, "outcome": "counted", "problems": []},
        forged | {"number": "1", "version": 9},
        forged | {"number": "1", "version": 0},
        forged | {"number": "7", "version": 0},
    ]
    assert till.status()["outcomes"] == {"counted": 1}
    store.outcomes.append(forged | {"number": "2", "version": 0})
    (unverified,) = till.status()["quarantined"]
    assert unverified["number"] == "2", "the key of the till may have been revoked"


def test_a_discard_ends_a_quarantine_and_an_undo_ends_a_sale_that_counts(till: Till, store: Store) -> None:
    till.record_all([sale(1), sale(2), sale(3)])
    till.send()
    common = {"region": "UK", "store_id": "LON1", "version": 1, "till": "T1", "at": ""}
    discarded = common | {"outcome": "discarded", "problems": []}
    counted = common | {"outcome": "counted", "problems": []}
    quarantined = common | {"outcome": "quarantined", "problems": [{"code": "unverified-message"}]}
    store.outcomes += [
        *(quarantined | {"number": number} for number in "123"),
        *(counted | {"number": number} for number in "13"),
        *(discarded | {"number": number} for number in "12"),
        discarded | {"number": "3", "problems": [{"code": "undone"}]},
    ]
    status = till.status()
    assert (status["outcomes"], status["quarantined"]) == ({"counted": 1, "discarded": 2}, [])


def test_outcomes_are_read_to_the_end_although_a_page_is_empty(till: Till, store: Store) -> None:
    till.record(sale(1))
    till.send()
    store.hidden = 4
    store.outcomes += [{"number": "1", "version": 0, "till": "T1", "outcome": "counted"}] * 5
    assert till.status()["outcomes"] == {"counted": 1}


def test_status_works_without_a_server(till: Till, server: StoreServer) -> None:
    till.record(sale(1))
    server.stop()
    status = till.status()
    assert status["unsent"] == 1
    assert "cannot be reached" in status["last_error"]
