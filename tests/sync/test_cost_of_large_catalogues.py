"""The first sync of a large catalogue: the documents that are read grow as its entries do, in either direction."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sync.two_homes import Pair, pair

from tillstream.app import App
from tillstream.catalogue import entry_saving
from tillstream.catalogue.entry_saving import SentEntry
from tillstream.model.product_catalogue import EntryKind, Product
from tillstream.sync import reference_exchange, reference_kinds

FEW, MANY = 150, 450
PRODUCTS = "products"


class CountedReads:
    """Documents with the number of those that were read."""

    def __init__(self, documents: Any) -> None:
        self._documents, self.read = documents, 0

    def __getattr__(self, name: str) -> Any:
        return partial(self._call, name)

    def _call(self, name: str, *arguments: Any, **named: Any) -> Any:
        answer = getattr(self._documents, name)(*arguments, **named)
        self.read += {"find": lambda: len(answer), "get": lambda: 1}.get(name, int)()
        return answer


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Pair]:
    with pair(tmp_path) as both:
        both.sync()
        yield both


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reference_kinds, reference_exchange):
        monkeypatch.setattr(module, "ENTRIES_AT_ONCE", 10)


def add(app: App, first: int, end: int) -> None:
    """Products with barcodes."""
    products = [Product(f"P{number:04}", f"Product {number}", barcodes=(f"B{number}",)) for number in range(first, end)]
    entries = [SentEntry(EntryKind.PRODUCT, one, lambda _: True, ("Testland",)) for one in products]
    assert all(one.version for one in entry_saving.save_sent_entries(app.ports, entries, "ana"))


def counted_sync(two: Pair) -> tuple[int, int]:
    """Sync; the documents that the home and the head office read."""
    home, office = CountedReads(two.home.plain.ports.documents), CountedReads(two.office.ports.documents)
    plain, at_office = two.home.plain, two.office
    two.home.plain = replace(plain, ports=replace(plain.ports, documents=home))
    two.office = replace(at_office, ports=replace(at_office.ports, documents=office))
    try:
        two.sync()
    finally:
        two.home.plain, two.office = plain, at_office
    assert plain.ports.documents.count(PRODUCTS) == at_office.ports.documents.count(PRODUCTS)
    return home.read, office.read


@pytest.mark.parametrize("is_at_home", [True, False])
def test_reads_grow_as_the_entries_do(two: Pair, *, is_at_home: bool) -> None:
    source = two.home.plain if is_at_home else two.office
    add(source, 0, FEW)
    few = counted_sync(two)
    add(source, FEW, MANY)
    many = counted_sync(two)
    assert two.sync().reference_sent == two.sync().reference_taken == 0
    print(few, many)
    for before, after in zip(few, many, strict=True):
        assert after < before * MANY / FEW + 200
        assert after < 15 * MANY


def test_a_page_of_the_home_is_one_revision(two: Pair) -> None:
    add(two.home.plain, 0, FEW)
    two.sync()
    state = two.office.ports.documents.get("catalogue", "state")
    assert state
    assert state.data["revision"] == FEW / 10
