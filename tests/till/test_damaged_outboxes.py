"""A damaged outbox is recognised; its readable messages are kept and sent, and nothing of it counts twice."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_server import SOLD_ON, Store, sale

from tillstream_till import Till
from tillstream_till.errors import CannotClose
from tillstream_till.outbox.leaf_pages import rows

PAGE = 4096


def fill(till: Till, sales: int = 300) -> None:
    """Half of the sales are sent; one has several pages."""
    till.record_all(sale(number) for number in range(sales // 2))
    till.send()
    lines = [{"net_amount": "1", "product_name": "x" * 400}] * 40
    till.record(sale("large", lines=lines))
    till.record_all(sale(number) for number in range(sales // 2, sales))


@pytest.mark.parametrize("bytes_left", [0, 1, 99, 100, 5000, 0.3, 0.5, 0.9, -1, -PAGE])
def test_a_truncated_outbox_keeps_what_is_readable(till: Till, store: Store, folder: Path, bytes_left: float) -> None:
    fill(till)
    outbox = folder / "outbox.sqlite"
    size = outbox.stat().st_size
    length = int(size * bytes_left) if 0 < bytes_left < 1 else int(bytes_left) % size
    with outbox.open("r+b") as stream:
        stream.truncate(length)
    receipt = till.record(sale("after"))
    assert receipt.position
    [notice] = till.status(refresh=False)["notices"]
    assert notice["code"] == "outbox-salvaged"
    [kept] = folder.glob("damaged-*.sqlite")
    assert kept.name in notice["detail"]
    assert kept.stat().st_size == length
    assert till.send().error == ""
    assert "after" in store.sales
    assert store.reused == []
    if length > size * 0.8:
        assert len(store.sales) > 200
    with pytest.raises(CannotClose):
        till.close_day(SOLD_ON)


def test_pages_of_noise_cost_only_their_own_messages(till: Till, store: Store, folder: Path) -> None:
    fill(till)
    outbox = folder / "outbox.sqlite"
    pages = outbox.stat().st_size // PAGE
    with outbox.open("r+b") as stream:
        for page in range(3, pages, 7):
            stream.seek(page * PAGE)
            stream.write(b"\xa5" * PAGE)
    till.close()
    with Till.open(folder) as opened:
        for number in range(30):
            opened.record(sale(f"after-{number}"))
        for _ in range(3):
            opened.send()
        assert opened.status(refresh=False)["unsent"] == 0
        assert [each["code"] for each in opened.status(refresh=False)["notices"]] == ["outbox-salvaged"]
    assert len(store.sales) > 200
    assert store.reused == []


def test_a_message_whose_bytes_changed_is_not_sent(till: Till, store: Store, folder: Path) -> None:
    till.record_all([sale(1), sale(2, "3.21")])
    till.close()
    outbox = folder / "outbox.sqlite"
    content = outbox.read_bytes()
    assert content.count(b'"3.21"') == 1
    outbox.write_bytes(content.replace(b'"3.21"', b'"9.21"'))
    with Till.open(folder) as opened:
        opened.send()
        [refused] = opened.status(refresh=False)["refused"]
        assert (refused["number"], refused["code"]) == ("2", "damaged-message")
        assert opened.send(retry_refused=True).sent == 0
    assert list(store.sales) == ["1"]


def test_a_salvage_that_is_interrupted_is_finished(till: Till, store: Store, folder: Path) -> None:
    fill(till)
    outbox = folder / "outbox.sqlite"
    with outbox.open("r+b") as stream:
        stream.truncate(outbox.stat().st_size - 1)
    till.record(sale("after"))
    till.close()
    outbox.replace(folder / "outbox.sqlite.salvaged")  # as after the first of the two renames
    with Till.open(folder) as opened:
        assert opened.send().error == ""
    assert "after" in store.sales


def test_every_row_of_a_healthy_outbox_is_read_from_its_pages(till: Till, folder: Path) -> None:
    fill(till)
    till.close()
    stored = rows((folder / "outbox.sqlite").read_bytes())
    numbers = {
        json.loads(value)["number"]
        for row in stored
        if len(row.values) == 15
        for value in row.values
        if isinstance(value, bytes)
    }
    assert numbers == {"large", *map(str, range(300))}


@given(st.binary(max_size=300), st.integers(0, 400), st.binary(max_size=40))
def test_reading_pages_never_fails(noise: bytes, place: int, other: bytes) -> None:
    header = b"SQLite format 3\0" + (512).to_bytes(2) + bytes(82)
    page = b"\x0d\0\0\0\x09\0\0\0\x01\x00\x01\x02\x03" + noise
    content = header + page + bytes(max(0, 1024 - len(header + page)))
    list(rows(content[:place] + other + content[place:]))
    list(rows(noise))
