"""A home and the portal of its head office: the calls over HTTP, their signatures, and connections that break."""

import dataclasses
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from stateful.operations import OPERATIONS
from stateful.schedules import draw
from stateful.sources import Fix
from stateful.steps import fix, like, upload_rows
from sync import stock_acts
from sync.cut_connections import cutting
from sync.test_reference_of_homes import goal_of, name_of, put, set_goal
from sync.two_homes import NAME, SOURCE, Connected, connected, stock_of

from examples import examples, one_in
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.product_catalogue import Product
from tillstream.stock import stored_movements
from tillstream.sync import exchange, home_identity, homes, sync_status
from tillstream.sync.http import call_messages, call_signatures
from tillstream.sync.http.remote_office import SYNC_PATH
from tillstream.sync.refusals import CLOCK_OFF, Refused


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Connected]:
    with connected(tmp_path) as both:
        yield both


def test_everything_arrives_and_comes_back(two: Connected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "SMALL_ORIGINAL", 100)
    monkeypatch.setattr(exchange, "PART_BYTES", 64)
    home = two.pair.home
    first = upload_rows(home, SOURCE, like(), like(product="Q"))
    two.pair.check_agreement(two.sync())
    home.stop()
    shutil.copytree(home.home, tmp_path / "copy")
    home.start()
    bad = upload_rows(home, SOURCE, like(number="2"), like(number="3", fault="qty"))
    fix(home, bad, Fix(2, like(number="3"), "edit"))
    two.pair.check_agreement(two.sync())
    home.stop()
    shutil.rmtree(home.home)
    shutil.copytree(tmp_path / "copy", home.home)
    home.start()
    result = two.sync()
    two.pair.check_agreement(result)
    assert result.recovered == 2
    assert first in {row["batch_id"] for row in home.plain.ports.warehouse.query("FROM batches").to_pylist()}


def test_the_catalogue_and_goals_are_exchanged(two: Connected) -> None:
    home, office = two.pair.home.plain, two.pair.office
    upload_rows(two.pair.home, SOURCE, like())
    two.sync()
    put(home, Product("P", "Pen"))
    put(office, Product("Q", "Quill"))
    set_goal(office, 100)
    result = two.sync()
    assert (result.reference_sent, result.reference_taken) == (1, 2)
    assert (name_of(office, "P"), name_of(home, "Q"), goal_of(home)) == ("Pen", "Quill", 100)
    set_goal(home, None)
    assert two.sync().reference_sent == 1
    assert goal_of(office) is None


def test_stock_movements_arrive_and_come_back(two: Connected, tmp_path: Path) -> None:
    home = two.pair.home
    home.stop()
    shutil.copytree(home.home, tmp_path / "copy")
    home.start()
    for number in range(3):
        stock_acts.act(home, Random(number))
    assert two.sync().movements == 3
    home.stop()
    shutil.rmtree(home.home)
    shutil.copytree(tmp_path / "copy", home.home)
    home.start()
    result = two.sync()
    two.pair.check_agreement(result)
    assert (result.recovered_movements, len(stock_of(home.plain)) > 0) == (3, True)


def test_a_refusal_keeps_its_code_and_its_words(two: Connected) -> None:
    upload_rows(two.pair.home, SOURCE, like())
    two.pair.home.clock.advance(3600)
    with pytest.raises(Refused, match="clock of the home is 60 minutes ahead") as refused:
        exchange.sync_home(two.pair.home.plain.ports, two.pair.home.plain.contracts, two.remote())
    assert refused.value.code == CLOCK_OFF


def test_a_home_that_was_removed_is_not_recognized(two: Connected) -> None:
    homes.remove_home(two.pair.office.ports, NAME, "chief")
    with pytest.raises(Rejected, match="No home with the ID"):
        two.sync()
    assert "No home with the ID" in sync_status.get_status(two.pair.home.plain.ports).error


def test_a_head_office_that_cannot_be_reached_is_tried_again_later(two: Connected) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        two.sync("http://127.0.0.1:1")
    with pytest.raises(Rejected, match="address of the head office"):
        two.sync(f"{two.address}/elsewhere")


@dataclass
class Request:
    """A signed request of the home."""

    address: str
    body: bytes
    headers: dict[str, str]

    def send(self) -> int:
        request = urllib.request.Request(self.address, self.body, self.headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code


def signed(two: Connected, number: int, body: bytes, call: str = "compare") -> Request:
    ports = two.pair.home.plain.ports
    headers = call_signatures.signature_headers(
        home_identity.get_identity(ports), "POST", SYNC_PATH + call, body, number, ports.clock.now()
    )
    return Request(two.address + SYNC_PATH + call, body, headers | {"Content-Type": "application/octet-stream"})


COMPARE = call_messages.pack_content({"digests": {}})


def test_a_request_is_accepted_once(two: Connected) -> None:
    request = signed(two, 7, COMPARE)
    assert [request.send(), request.send()] == [200, 409]
    assert signed(two, 6, COMPARE).send() == 409
    assert signed(two, 8, COMPARE).send() == 200
    two.pair.check_agreement(two.sync())  # its numbers are greater


def test_a_home_continues_after_the_greatest_number_that_was_sent(two: Connected) -> None:
    assert signed(two, 10**17, COMPARE).send() == 200
    two.pair.check_agreement(two.sync())


@pytest.mark.parametrize("change", ["body", "path", "signature", "digest", "number", "no signature"])
def test_a_changed_request_is_not_recognized(two: Connected, change: str) -> None:
    request = signed(two, 7, COMPARE)
    match change:
        case "body":
            request.body = call_messages.pack_content({"digests": {"2024-01-01": ""}})
        case "path":
            request.address = request.address.replace("compare", "journal")
        case "signature":
            request.headers[call_signatures.SIGNATURE_HEADER] = signed(two, 8, COMPARE).headers[
                call_signatures.SIGNATURE_HEADER
            ]
        case "digest":
            request.headers[call_signatures.DIGEST_HEADER] = call_signatures.content_digest(b"other")
        case "number":
            request.headers[call_signatures.INPUT_HEADER] = request.headers[call_signatures.INPUT_HEADER].replace(
                '"7"', '"8"'
            )
        case _:
            request.headers = {"Content-Type": "application/octet-stream"}
    assert request.send() == 401
    assert signed(two, 7, COMPARE).send() == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", 422),
        (b"no gzip", 422),
        (COMPARE[:-9], 422),
        (call_messages.pack_content([]), 422),
        (call_messages.pack_content({"digests": 5}), 422),
        (call_messages.pack_content({"digests": {}}, bytes(call_messages.MAX_CONTENT)), 413),
    ],
)
def test_unreadable_content_is_refused(two: Connected, body: bytes, expected: int) -> None:
    assert signed(two, 7, body).send() == expected


@pytest.mark.parametrize(
    "change",
    [{"region": 5}, {"lines": [{"product_id": "P", "quantity": "x"}]}, {"recorded_at": "2024-05-01"}, {"kind": ""}],
)
def test_an_unreadable_movement_is_refused(two: Connected, change: dict[str, Any]) -> None:
    stock_acts.act(two.pair.home, Random(1))
    (stored,) = stored_movements.all_movements(two.pair.home.plain.ports)
    assert (
        signed(two, 7, call_messages.pack_content({"movements": [{**stored.data, **change}]}), "add-stock").send()
        == 422
    )
    assert signed(two, 8, call_messages.pack_content({"movements": [stored.data]}), "add-stock").send() == 200
    assert stored_movements.count_movements(two.pair.office.ports) == 1


def test_another_call_does_not_exist(two: Connected) -> None:
    assert signed(two, 7, COMPARE, "settle").send() == 404


def play(folder: Path, seed: int) -> int:
    """Play a schedule, with syncs between its steps over connections that are cut; returns how many were."""
    schedule, rng = draw(seed, crashes=False), Random(seed)
    with connected(folder, numbered=schedule.numbered) as two, cutting(two.port, rng) as proxy:
        for name, number in schedule.steps:
            try:
                OPERATIONS[name][1](two.pair.home, Random(number))
            except Rejected:
                continue
            if rng.random() < 0.2:
                two.sync_until_done(proxy.address)
        two.pair.home.wait()
        two.pair.check_agreement(two.sync_until_done(proxy.address))
        return proxy.cut


@pytest.mark.parametrize("seed", one_in(2, range(examples(3))))
def test_cut_connections_end_in_agreement(tmp_path: Path, seed: int) -> None:
    play(tmp_path, seed)


@pytest.mark.long
@pytest.mark.parametrize("first", range(100, 160, 10))
def test_many_cut_connections_end_in_agreement(tmp_path: Path, first: int) -> None:
    assert sum(play(tmp_path / str(seed), seed) for seed in range(first, first + 10)) > 10


def test_the_private_key_is_in_no_text(two: Connected) -> None:
    own = home_identity.get_identity(two.pair.home.plain.ports)
    assert own.private_key not in repr(own)
    assert dataclasses.asdict(own)["private_key"]
