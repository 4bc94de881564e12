"""The calls of homes to a head office in a project, where a function processes them."""

import base64
from pathlib import Path
from random import Random
from typing import Any

import pytest
from stateful.sources import Fix
from stateful.steps import fix, like, process, upload_rows
from sync import stock_acts
from sync.cut_connections import cutting
from sync.project.office_by_function import by_function
from sync.test_over_http import COMPARE, signed
from sync.two_homes import NAME, SOURCE, Connected

from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.events import STAGING
from tillstream.pipeline.settling import large_job
from tillstream.ports import Ports
from tillstream.records import batch_records
from tillstream.review import replay, undo
from tillstream.sync import exchange, homes
from tillstream.sync.http import call_messages, remote_office, signed_calls
from tillstream.sync.http.remote_office import RemoteOffice
from tillstream.sync.refusals import CLOCK_OFF, Busy, Refused


@pytest.fixture
def office_of_small_settlements(tmp_path: Path) -> by_function:
    return by_function(tmp_path, rows=3)


def ports_of(two: Connected) -> Ports:
    return two.pair.office.ports


def test_everything_arrives_although_it_is_too_large_for_a_request(
    two: Connected, office: by_function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed_calls, "MAX_INLINE_BYTES", 50)
    monkeypatch.setattr(exchange, "SMALL_ORIGINAL", 100)
    monkeypatch.setattr(exchange, "PART_BYTES", 64)
    home = two.pair.home
    first = upload_rows(home, SOURCE, like(), like(product="Q"))
    bad = upload_rows(home, SOURCE, like(number="2"), like(number="3", fault="qty"))
    fix(home, bad, Fix(2, like(number="3"), "edit"))
    two.pair.check_agreement(two.sync())
    undo.undo_batch(home.plain.ports, first, "owner")
    stock_acts.act(home, Random(1))
    two.pair.check_agreement(two.sync())
    assert set(office.functions.called) == {"homes"}
    assert [*ports_of(two).objects.list(STAGING, signed_calls.CALLS_FOLDER)] == []


def test_the_portal_writes_no_ledger(two: Connected, office: by_function) -> None:
    upload_rows(two.pair.home, SOURCE, like())
    two.sync()
    assert not {call for call, _ in office.calls_of_portal if call.startswith("warehouse.")}
    assert ("warehouse.settle", "") in office.calls_of_function


def test_a_refusal_keeps_its_code_and_details(two: Connected) -> None:
    upload_rows(two.pair.home, SOURCE, like())
    two.pair.home.clock.advance(3600)
    with pytest.raises(Refused, match="60 minutes ahead") as refused:
        exchange.sync_home(two.pair.home.plain.ports, two.pair.home.plain.contracts, two.remote())
    assert refused.value.code == CLOCK_OFF
    assert signed(two, 10**17, COMPARE).send() == 200
    assert signed(two, 10**17, COMPARE).send() == 409
    two.pair.check_agreement(two.sync())


def test_a_changed_request_does_not_reach_the_function(two: Connected, office: by_function) -> None:
    request = signed(two, 7, COMPARE)
    request.body += b"x"
    assert request.send() == 401
    assert office.functions.called == []


def test_a_lost_answer_does_no_harm(two: Connected, office: by_function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_office, "BUSY_SECONDS", 0.0)
    upload_rows(two.pair.home, SOURCE, like())
    office.functions.loses_answers = True
    with pytest.raises(Unavailable):
        two.sync()
    office.functions.loses_answers = False
    two.pair.check_agreement(two.sync())


def test_one_call_of_a_home_is_processed_at_a_time(two: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    upload_rows(two.pair.home, SOURCE, like())
    ports, clock = ports_of(two), two.pair.clock
    with signed_calls.shared_turns(ports)(NAME):
        with pytest.raises(Busy, match="continues by itself"):
            two.sync()
        with pytest.raises(Busy), signed_calls.shared_turns(ports)(NAME):
            pass
        clock.advance(signed_calls.LONGEST_TURN.total_seconds() + 1)
        with signed_calls.shared_turns(ports)(NAME):
            pass  # that of an instance that died
    two.pair.check_agreement(two.sync())


def test_a_home_is_patient_while_the_head_office_is_busy(two: Connected) -> None:
    upload_rows(two.pair.home, SOURCE, like())
    ports, home = ports_of(two), two.pair.home.plain.ports
    office, started = two.remote(), home.clock.now()
    patient = RemoteOffice(office.url, office.identity, office.clock, office.check_host, patience=600.0)
    with signed_calls.shared_turns(ports)(NAME), pytest.raises(Busy):
        two.pair.sync(patient)
    assert 500 < (home.clock.now() - started).total_seconds() <= 600


def test_nothing_is_settled_while_the_job_commits(two: Connected) -> None:
    upload_rows(two.pair.home, SOURCE, like())
    ports = ports_of(two)
    with large_job.hold_run(ports) as lease, lease.pause(), pytest.raises(Busy, match="large file"):
        two.sync()
    two.pair.check_agreement(two.sync())


def test_cut_connections_and_lost_answers_end_in_agreement(tmp_path: Path) -> None:
    rng = Random(11)
    with by_function(tmp_path / "both", numbered=False) as two, cutting(two.port, rng) as proxy:
        for number in range(4):
            upload_rows(two.pair.home, SOURCE, like(number=str(number)))
            two.sync_until_done(proxy.address)
        two.pair.check_agreement(two.sync_until_done(proxy.address))
        assert proxy.cut


def test_many_files_are_settled_in_parts(tmp_path: Path) -> None:
    with by_function(tmp_path / "both", rows=3) as two:
        for number in range(5):
            upload_rows(two.pair.home, SOURCE, like(number=str(number)), like(number=f"{number}a"))
        result = two.sync()
        two.pair.check_agreement(result)
        settled = {record.settlement_no for record in batch_records.find_batches(ports_of(two), kind=None, limit=None)}
        assert len(settled) == 5


def test_what_is_large_is_left_to_the_job(office_of_small_settlements: by_function) -> None:
    office = office_of_small_settlements
    with office as two:
        home, numbers = two.pair.home, [str(number) for number in range(2, 8)]
        first = upload_rows(home, SOURCE, like())
        large = upload_rows(home, SOURCE, *(like(number=number) for number in numbers))
        with pytest.raises(Busy, match=r"settles .* \(6 rows\) in a job of its own"):
            two.sync()
        assert batch_records.get_batch(ports_of(two), first).settlement_no
        assert office.run_job() == 1
        two.pair.check_agreement(two.sync())
        undo.undo_batch(home.plain.ports, large, "owner")
        for number in ("8", "9"):
            upload_rows(home, SOURCE, like(number=number))
        with pytest.raises(Busy, match="6 rows"):
            two.sync()
        with pytest.raises(Busy, match="6 rows"):  # the job is not finished
            two.sync()
        assert office.run_job() == 1
        two.pair.check_agreement(two.sync())
        assert office.jobs.starts == ["settle-large", "settle-large"]
        assert office.run_job() == 0


def test_a_large_replay_is_left_to_the_job(office_of_small_settlements: by_function) -> None:
    office = office_of_small_settlements
    with office as two:
        home = two.pair.home
        batch = upload_rows(home, SOURCE, like(), like(number="2"))
        two.pair.check_agreement(two.sync())
        ports, contracts = home.plain.ports, home.plain.contracts
        process(home, replay.replay_batch(ports, contracts, batch, None, "owner"))
        with pytest.raises(Busy, match="4 rows"):
            two.sync()
        assert office.run_job() == 1
        two.pair.check_agreement(two.sync())


def test_staged_rows_that_expired_before_the_job_are_staged_again(office_of_small_settlements: by_function) -> None:
    office = office_of_small_settlements
    with office as two:
        large = upload_rows(two.pair.home, SOURCE, *(like(number=str(number)) for number in range(6)))
        with pytest.raises(Busy, match="6 rows"):
            two.sync()
        for stored in list(ports_of(two).objects.list(STAGING, large)):
            ports_of(two).objects.delete(STAGING, stored.name)
        assert office.run_job() == 0
        with pytest.raises(Busy, match="6 rows"):
            two.sync()
        assert office.run_job() == 1
        two.pair.check_agreement(two.sync())


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"call": "compare", "method": "POST", "path": "/compare", "headers": [], "content": {"base64": ""}},
        {"call": "compare", "method": "POST", "path": "/compare", "headers": {}, "content": {"base64": "?"}},
        {"call": "compare", "method": "POST", "path": "/compare", "headers": {}, "content": {"object": "sales.csv"}},
        {"call": "compare", "method": "POST", "path": "/compare", "headers": {}, "content": {"base64": ""}},
    ],
)
def test_what_is_no_call_of_a_home_is_rejected(two: Connected, data: Any) -> None:
    with pytest.raises(Rejected):
        signed_calls.serve_call(ports_of(two), two.pair.office.contracts, data)


@pytest.mark.parametrize(("signed_as", "called"), [("compare", "compare-stock"), ("settle", "settle")])
def test_only_the_call_that_was_signed_is_performed(two: Connected, signed_as: str, called: str) -> None:
    request = signed(two, 7, call_messages.pack_content({"digests": {"2024-01-01": "x"}}), signed_as)
    body = base64.b64encode(request.body).decode()
    call = {"call": called, "method": "POST", "path": remote_office.SYNC_PATH + signed_as, "headers": request.headers}
    with pytest.raises(Rejected, match="not a call of a home"):
        signed_calls.serve_call(ports_of(two), two.pair.office.contracts, {**call, "content": {"base64": body}})
    assert homes.get_home(ports_of(two), NAME).differing_stock == ()


def test_a_content_that_is_gone_is_sent_again(two: Connected) -> None:
    content = {"object": f"{signed_calls.CALLS_FOLDER}/gone"}
    call = {"call": "compare", "method": "POST", "path": "/compare", "headers": {}, "content": content}
    with pytest.raises(Unavailable, match="Send it again"):
        signed_calls.serve_call(ports_of(two), two.pair.office.contracts, call)
