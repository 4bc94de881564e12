"""Saving entries: compare-and-set, history, versions by day, and refused entries."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tillstream.adapters.local.clock import ManualClock
from tillstream.catalogue import entry_saving, stored_entries
from tillstream.catalogue.stored_entries import StoredEntry
from tillstream.model import audit
from tillstream.model.catalogue_columns import InvalidEntry
from tillstream.model.product_catalogue import (
    Alias,
    DatedAmount,
    Entry,
    EntryKind,
    FieldVersion,
    Product,
    Promotion,
    Salesperson,
    Store,
)
from tillstream.ports import Ports
from tillstream.records import audit_log

Save = Callable[[Entry], StoredEntry]
KETTLE = Product("KET/1", "Kettle", "Kitchen", barcodes=("4006381333931",))
REGIONS = ("IN", "UK")


def codes_of(error: pytest.ExceptionInfo[InvalidEntry]) -> list[str]:
    return [one.code for one in error.value.problems]


def test_an_entry_is_read_as_it_was_saved_with_a_version_from_the_beginning(ports: Ports, save: Save) -> None:
    stored = save(KETTLE)
    assert (stored.version, stored.revision) == (1, 1)
    product = stored_entries.get_product(ports, "KET/1")
    assert product is not None
    assert replace(product, versions=()) == KETTLE
    assert [one.valid_from for one in product.versions] == [None]
    assert stored_entries.catalogue_revision(ports) == 1


def test_saving_the_same_again_writes_nothing(ports: Ports, save: Save) -> None:
    save(KETTLE)
    assert save(KETTLE).version == 1
    assert stored_entries.catalogue_revision(ports) == 1
    assert len(entry_saving.find_entry_changes(ports, EntryKind.PRODUCT, "KET/1")) == 1


def test_a_new_name_counts_from_its_day_on(ports: Ports, save: Save, clock: ManualClock) -> None:
    save(KETTLE)
    clock.advance(86_400)
    product = save(replace(KETTLE, name="Teapot")).entry
    assert isinstance(product, Product)
    shown = [(one.valid_from, one.values["name"]) for one in product.versions]
    assert shown == [(None, "Kettle"), (date(2026, 7, 2), "Teapot")]


def test_history_and_audit_show_who_changed_what(ports: Ports, save: Save) -> None:
    save(KETTLE)
    save(replace(KETTLE, name="Teapot"))
    newest, first = entry_saving.find_entry_changes(ports, EntryKind.PRODUCT, "KET/1")
    assert (newest.by, newest.version, newest.before, newest.after) == (
        "ana", 2, {"name": "Kettle"}, {"name": "Teapot"},
    )  # fmt: skip
    assert first.after["category"] == "Kitchen"
    entries = [audit.AuditEntry.from_json(one.data) for one in ports.documents.find(audit_log.COLLECTION)]
    assert [(one.what, one.subject) for one in entries[-2:]] == [("catalogue.saved", "product KET/1")] * 2


def test_an_edit_of_an_older_version_is_refused_with_the_stored_one(ports: Ports, save: Save) -> None:
    save(KETTLE)
    save(replace(KETTLE, name="Teapot"))
    with pytest.raises(entry_saving.EntryConflict) as error:
        entry_saving.save_entry(
            ports, EntryKind.PRODUCT, replace(KETTLE, category="Tea"), if_version=1, by="ben", regions=REGIONS
        )
    assert error.value.current
    stored = error.value.current.entry
    assert isinstance(stored, Product)
    assert (stored.name, stored.category) == ("Teapot", "Kitchen")


def test_retired_entries_stay(ports: Ports, save: Save) -> None:
    save(KETTLE)
    save(replace(KETTLE, active=False))
    product = stored_entries.get_product(ports, "KET/1")
    assert product
    assert not product.active


def test_products_are_looked_up_by_alias_of_the_region_barcode_and_code(ports: Ports, save: Save) -> None:
    save(replace(KETTLE, active=False))
    save(Product("POT", "Pot", aliases=(Alias("*", "OLD"), Alias("IN", "KET/1"))))

    def code(region: str, text: str) -> str:
        product = stored_entries.find_product(ports, region, text)
        return product.code if product else ""

    assert [code("UK", one) for one in ("KET/1", "4006381333931", "OLD", " POT ", "none", "")] == [
        "KET/1", "KET/1", "POT", "POT", "", "",
    ]  # fmt: skip
    assert code("IN", "KET/1") == code("IN", "4006381333931") == "POT"


def test_a_removed_barcode_is_free_again(ports: Ports, save: Save) -> None:
    save(KETTLE)
    save(replace(KETTLE, barcodes=()))
    assert stored_entries.find_product(ports, "IN", "4006381333931") is None
    save(Product("POT", "Pot", barcodes=("4006381333931",)))
    product = stored_entries.find_product(ports, "IN", "4006381333931")
    assert product
    assert product.code == "POT"


PRICE = DatedAmount("*", "USD", Decimal(10))
REFUSED: list[tuple[Entry, str]] = [
    (Product("A", "a", barcodes=("4006381333931",)), "code-of-another"),
    (Product("A", "a", barcodes=("KET/1",)), "code-of-a-product"),
    (Product("A", "a", aliases=(Alias("IN", "KET/1"),)), "code-of-a-product"),
    (Product("A", "a", aliases=(Alias("*", "KET/1"),)), "code-of-a-product"),
    (Product("4006381333931", "a"), "code-of-another"),
    (Product("A", "a", aliases=(Alias("*", "A"),)), "alias-cycle"),
    (Product("A", "a", aliases=(Alias("ZZ", "B"),)), "unknown-region"),
    (Product("A", "a", prices=(PRICE, replace(PRICE, amount=Decimal(11)))), "overlapping-amounts"),
    (Product("A", "a", costs=(PRICE, replace(PRICE, currency="EUR"))), "overlapping-amounts"),
    (Store("ZZ", "S1", "Shop"), "unknown-region"),
    (Store("IN", "S1", "Shop", latitude=Decimal(19)), "half-location"),
    (Store("IN", "S1", "Shop", longitude=Decimal(0)), "half-location"),
    (Salesperson("IN", "P1", "Asha", ("nowhere",)), "unknown-store"),
    (Promotion("P", "p", "none", rate=Decimal("0.1")), "unknown-product"),
    (Promotion("P", "p", "KET/1", "Kitchen"), "wrong-target"),
    (Promotion("P", "p"), "wrong-target"),
    (Promotion("P", "p", "KET/1", region="IN", store_id="nowhere"), "unknown-store"),
    (Promotion("P", "p", "KET/1", store_id="MUM01"), "missing-value"),
    (Promotion("P", "p", "KET/1", valid_from=date(2026, 2, 2), valid_to=date(2026, 2, 1)), "dates-reversed"),
    (Promotion("P", "p", "KET/1", region="IN", valid_from=date(2026, 8, 1)), "overlapping-promotions"),
]


@pytest.mark.parametrize(("entry", "code"), REFUSED, ids=[f"{code}-{n}" for n, (_, code) in enumerate(REFUSED)])
def test_an_entry_that_contradicts_the_catalogue_is_refused(ports: Ports, save: Save, entry: Entry, code: str) -> None:
    save(KETTLE)
    save(Store("IN", "MUM01", "Mumbai"))
    save(Promotion("SUMMER", "Summer", category="Kitchen", rate=Decimal("0.2"), valid_to=date(2026, 8, 31)))
    before = stored_entries.catalogue_revision(ports)
    with pytest.raises(InvalidEntry) as error:
        save(entry)
    assert code in codes_of(error)
    assert stored_entries.catalogue_revision(ports) == before


def test_aliases_of_two_products_cannot_form_a_cycle(save: Save) -> None:
    save(Product("A", "a", aliases=(Alias("IN", "B"),), active=False))
    with pytest.raises(InvalidEntry) as error:
        save(Product("B", "b", aliases=(Alias("*", "A"),)))
    assert codes_of(error) == ["alias-cycle"]
    assert "B → A → B" in str(error.value) or "A → B → A" in str(error.value)


def test_a_new_category_cannot_make_promotions_overlap(save: Save) -> None:
    save(KETTLE)
    save(Promotion("ONE", "One", "KET/1", rate=Decimal("0.1")))
    save(Promotion("TWO", "Two", category="Tea", rate=Decimal("0.1")))
    with pytest.raises(InvalidEntry) as error:
        save(replace(KETTLE, category="Tea"))
    assert codes_of(error) == ["overlapping-promotions"]


def test_a_later_price_of_the_same_day_replaces_the_earlier_one(save: Save, clock: ManualClock) -> None:
    product = save(replace(KETTLE, prices=(PRICE,))).entry
    assert isinstance(product, Product)
    clock.advance(1)
    changed = save(replace(product, prices=(*product.prices, replace(PRICE, amount=Decimal(12))))).entry
    assert isinstance(changed, Product)
    recorded = [one.recorded_at for one in changed.prices]
    assert len(recorded) == 2
    assert recorded == sorted(recorded)


@settings(max_examples=20)
@given(st.lists(st.text(st.sampled_from("a./_:%~é~ "), min_size=1, max_size=4), min_size=1, max_size=3))
def test_document_ids_are_unique_and_have_no_reserved_characters(parts: list[str]) -> None:
    text = stored_entries.entry_document_id(*parts)
    assert not set(text) & set("/._~ ")
    assert text.count(":") == len(parts) - 1


def test_values_passed_as_versions_are_ignored(save: Save) -> None:
    stored = save(replace(KETTLE, versions=(FieldVersion(date(2020, 1, 1), {"name": "forged"}),))).entry
    assert isinstance(stored, Product)
    assert [one.values["name"] for one in stored.versions] == ["Kettle"]
