"""Codes that the catalogue lacks: each decision is stored with its change and can be undone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tillstream.catalogue import (
    entry_lists,
    entry_saving,
    file_export,
    file_import,
    new_codes,
    stored_entries,
    warehouse_mirror,
)
from tillstream.catalogue.file_export import FileKind
from tillstream.catalogue.file_import import ImportRules, plan_import
from tillstream.catalogue.new_codes import ChangedSince, NewCode
from tillstream.catalogue.stored_entries import StoredEntry
from tillstream.model.catalogue_columns import InvalidEntry
from tillstream.model.errors import NotFound
from tillstream.model.people import UNRESTRICTED
from tillstream.model.product_catalogue import DatedAmount, Entry, EntryKind, Product, Promotion
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.records import audit_log

Save = Callable[[Entry], StoredEntry]
REGIONS = ("IN", "UK")
WHO: dict[str, Any] = {"by": "ana", "regions": REGIONS}
NUT = NewCode("UK", "N", "Nut", "Food", Decimal(4), "GBP", date(2026, 1, 5))
NUT_IN = replace(NUT, region="IN", price=Decimal(400), currency="INR")


def warehouse_products(ports: Ports) -> list[str]:
    warehouse_mirror.sync_mirror(ports)
    rows = ports.warehouse.query("SELECT product_id FROM catalogue_products ORDER BY product_id").to_pylist()
    return [row["product_id"] for row in rows]


def test_an_accepted_code_is_a_product_with_the_usual_price_of_each_region(ports: Ports) -> None:
    new_codes.accept_code(ports, [NUT, NUT_IN], **WHO)
    product = stored_entries.get_product(ports, "N")
    assert product
    assert (product.name, product.category) == ("Nut", "Food")
    assert [replace(one, recorded_at="") for one in product.prices] == [
        DatedAmount("UK", "GBP", Decimal(4), date(2026, 1, 5)),
        DatedAmount("IN", "INR", Decimal(400), date(2026, 1, 5)),
    ]
    assert {(one.region, one.decision) for one in new_codes.decided_codes(ports)} == {
        ("UK", "accepted"),
        ("IN", "accepted"),
    }
    with pytest.raises(entry_saving.EntryConflict):
        new_codes.accept_code(ports, [NUT], **WHO)


def test_an_undone_acceptance_leaves_only_the_history(ports: Ports) -> None:
    new_codes.accept_code(ports, [NUT, NUT_IN], **WHO)
    assert warehouse_products(ports) == ["N"]
    new_codes.undo_decision(ports, new_codes.get_decision(ports, "UK", "N"), **WHO)
    assert warehouse_products(ports) == []
    assert stored_entries.get_product(ports, "N") is None
    assert (
        entry_lists.list_entries(ports, EntryKind.PRODUCT, UNRESTRICTED, entry_lists.EntryFilter(state=entry_lists.ALL))
        == []
    )
    assert list(file_export.export_table(ports, FileKind.PRODUCTS)[1]) == []
    assert new_codes.decided_codes(ports) == []
    assert len(entry_saving.find_entry_changes(ports, EntryKind.PRODUCT, "N")) == 2


def test_a_withdrawn_product_can_be_accepted_imported_and_named_again(ports: Ports) -> None:
    for _ in range(2):
        new_codes.accept_code(ports, [NUT], **WHO)
        new_codes.undo_decision(ports, new_codes.get_decision(ports, "UK", "N"), **WHO)
    rules = ImportRules(REGIONS, "USD")
    assert plan_import(ports, FileKind.PRICES, b"code,amount\nN,4\n", rules).problems[0].code == "unknown-product"
    planned = plan_import(ports, FileKind.PRODUCTS, b"code,name\nN,Walnut\n", rules)
    file_import.apply_import(ports, planned, file="n.csv", by="ana")
    product = stored_entries.get_product(ports, "N")
    assert product
    assert (product.name, product.active) == ("Walnut", True)
    assert warehouse_products(ports) == ["N"]


def test_a_product_that_was_changed_since_is_not_withdrawn(ports: Ports, save: Save) -> None:
    new_codes.accept_code(ports, [NUT], **WHO)
    save(Promotion("P", "p", "N", rate=Decimal("0.2")))
    with pytest.raises(ChangedSince):
        new_codes.undo_decision(ports, new_codes.get_decision(ports, "UK", "N"), **WHO)
    save(Promotion("P", "p", category="Food", rate=Decimal("0.2")))
    product = stored_entries.get_product(ports, "N")
    assert product
    save(replace(product, name="Walnut"))
    with pytest.raises(ChangedSince):
        new_codes.undo_decision(ports, new_codes.get_decision(ports, "UK", "N"), **WHO)
    assert stored_entries.get_product(ports, "N")


def test_a_merged_code_names_the_product_until_it_is_undone(ports: Ports, save: Save) -> None:
    save(Product("WAL", "Walnut"))
    new_codes.merge_codes(ports, [NUT, NUT_IN], "WAL", **WHO)
    assert [one.code for one in (stored_entries.find_product(ports, "UK", "N"),) if one] == ["WAL"]
    new_codes.undo_decision(ports, new_codes.get_decision(ports, "UK", "N"), **WHO)
    assert stored_entries.find_product(ports, "UK", "N") is None
    assert stored_entries.find_product(ports, "IN", "N")
    assert [one.region for one in new_codes.decided_codes(ports)] == ["IN"]
    with pytest.raises(NotFound):
        new_codes.merge_codes(ports, [NUT], "NONE", **WHO)
    save(Product("PEC", "Pecan"))
    with pytest.raises(InvalidEntry):
        new_codes.merge_codes(ports, [NUT_IN], "PEC", **WHO)


def test_an_ignored_code_is_remembered_audited_and_restored(ports: Ports) -> None:
    new_codes.ignore_codes(ports, [NUT, NUT_IN], by="ana")
    assert [one.decision for one in new_codes.decided_codes(ports)] == ["ignored", "ignored"]
    new_codes.undo_decision(ports, new_codes.get_decision(ports, "UK", "N"), **WHO)
    assert [one.region for one in new_codes.decided_codes(ports)] == ["IN"]
    with pytest.raises(NotFound):
        new_codes.get_decision(ports, "UK", "N")
    actions = [one.what for one in audit_log.find_entries(ports, audit_log.AuditFilter())]
    assert sorted(actions) == ["catalogue.code-ignored"] * 2 + ["catalogue.code-restored"]


def test_a_decision_without_a_kind_is_about_a_product(ports: Ports) -> None:
    stored = {"region": "UK", "code": "N", "decision": "ignored", "by": "ana", "at": "", "product": "", "version": 0}
    ports.documents.put_all([Put(new_codes.COLLECTION, "UK:N", stored)])
    assert new_codes.get_decision(ports, "UK", "N").kind is EntryKind.PRODUCT
    with pytest.raises(NotFound):
        new_codes.get_decision(ports, "UK", "N", EntryKind.STORE)
