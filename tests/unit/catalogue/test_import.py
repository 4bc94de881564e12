"""Import of catalogue files: previews, problems per row, all or nothing, resumed after a crash, exported unchanged."""

import csv
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tillstream.catalogue import entry_saving, file_export, file_import, stored_entries
from tillstream.catalogue.file_export import FileKind
from tillstream.catalogue.file_import import ImportPlan, ImportRules, plan_import
from tillstream.catalogue.stored_entries import StoredEntry
from tillstream.model.errors import Conflict, Rejected, Unavailable
from tillstream.model.people import scope_of
from tillstream.model.permissions import Role
from tillstream.model.product_catalogue import Alias, Entry, EntryKind, Product, Promotion, Salesperson, Store, Supplier
from tillstream.model.safe_text import unguard_formulas
from tillstream.ports import Ports
from tillstream.ports.documents import Document, DocumentStore, Put

Save = Callable[[Entry], StoredEntry]
RULES = ImportRules(("IN", "UK"), "USD")


def planned(ports: Ports, kind: str, text: str | bytes, rules: ImportRules = RULES) -> ImportPlan:
    return plan_import(ports, FileKind(kind), text.encode() if isinstance(text, str) else text, rules)


def load(ports: Ports, kind: str, text: str | bytes) -> file_import.AppliedImport:
    return file_import.apply_import(ports, planned(ports, kind, text), file="file.csv", by="ana")


def product(ports: Ports, code: str) -> Product:
    one = stored_entries.get_product(ports, code)
    assert one is not None
    return one


PRODUCTS = "SKU;Product name;Category;EAN\nKET;Kettle;Kitchen;4006381333931\nPOT;Pot;Kitchen;\n"


def test_products_are_added_with_forgiving_headers(ports: Ports) -> None:
    applied = load(ports, "products", PRODUCTS)
    assert (applied.added, applied.changed) == (2, 0)
    assert replace(product(ports, "KET"), versions=()) == Product(
        "KET", "Kettle", "Kitchen", barcodes=("4006381333931",)
    )
    assert entry_saving.find_entry_changes(ports, EntryKind.PRODUCT, "KET")[0].import_id == applied.id
    assert stored_entries.catalogue_revision(ports) == 1


def test_a_second_import_changes_only_what_differs_and_keeps_absent_columns(ports: Ports) -> None:
    load(ports, "products", PRODUCTS)
    change = planned(ports, "products", "code,name\nKET,Kettle\nPOT,Large pot\nPAN,Pan\n")
    assert (change.added, change.changed, change.rows) == (1, 1, 3)
    assert {one.after.key: one.fields for one in change.changes}["POT",] == (
        {"name": "Pot"}, {"name": "Large pot"},
    )  # fmt: skip
    file_import.apply_import(ports, change, file="f", by="ana")
    assert product(ports, "POT").category == "Kitchen"


def test_all_problems_are_listed_with_their_lines_and_nothing_is_written(ports: Ports) -> None:
    load(ports, "products", PRODUCTS)
    text = 'code,name,barcodes,pack_size\nA,,1,\nB,b,4006381333931,\nC,c,,many\nC,c,,2\nC,c,,2\nD,"d" x,,\n'
    result = planned(ports, "products", text)
    shown = {(one.line, one.code) for one in result.problems}
    assert shown >= {
        (2, "missing-value"), (3, "code-of-another"), (4, "wrong-number"), (6, "repeated-entry"),
    }  # fmt: skip
    with pytest.raises(Rejected):
        file_import.apply_import(ports, result, file="f", by="ana")
    assert stored_entries.get_product(ports, "C") is None


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [("products", "colour,size\nred,1\n", "no column code"), ("stores", "store,name\nA,a\n", "no column region")],
)
def test_a_file_without_its_key_columns_is_refused(ports: Ports, kind: str, text: str, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        planned(ports, kind, text)


def test_prices_are_from_the_beginning_and_later_ones_from_today(ports: Ports) -> None:
    load(ports, "products", PRODUCTS)
    load(ports, "prices", "code,price,currency\nKET,10,\nPOT,5,EUR\n")
    load(ports, "prices", "code,price\nKET,12\n")
    again = planned(ports, "prices", "code,price\nKET,12\n")
    assert again.changes == []
    rows = [(one.currency, one.amount, str(one.valid_from)) for one in product(ports, "KET").prices]
    assert rows == [("USD", Decimal(10), "None"), ("USD", Decimal(12), "2026-07-01")]


def test_prices_of_unknown_products_and_two_of_one_day_are_problems(ports: Ports) -> None:
    load(ports, "products", PRODUCTS)
    text = "code,price,valid_from\nNONE,1,\nKET,1,2026-01-01\nKET,2,2026-01-01\nPOT,-1,\n"
    shown = [(one.line, one.code) for one in planned(ports, "prices", text).problems]
    assert shown == [(2, "unknown-product"), (4, "repeated-entry"), (5, "negative-amount")]


def test_an_unknown_region_of_a_price_is_reported_once_in_its_own_line(ports: Ports) -> None:
    load(ports, "products", PRODUCTS)
    text = "code,region,price\nKET,IN,1\nPOT,IN,1\nKET,XX,2\n"
    problems = planned(ports, "prices", text).problems
    assert [(one.line, one.message) for one in problems] == [(4, "“XX” is not a region; regions are IN, UK.")]


def test_a_barcode_moves_from_one_product_to_another_in_one_file(ports: Ports) -> None:
    load(ports, "products", PRODUCTS)
    load(ports, "products", "code,barcode\nPOT,4006381333931\nKET,\n")
    owner = stored_entries.find_product(ports, "IN", "4006381333931")
    assert owner
    assert owner.code == "POT"
    load(ports, "products", "code,barcode\nPOT,\nKET,4006381333931\n")
    assert stored_entries.owner_of_code(ports, "*", "4006381333931") == "KET"


def test_a_manager_imports_prices_of_own_regions_only(ports: Ports) -> None:
    load(ports, "products", PRODUCTS)
    rules = replace(RULES, scope=scope_of(Role.MANAGER, ("IN",)))
    text = "code,region,price\nKET,IN,1\nPOT,UK,1\nKET,UK,1\n"
    assert [(one.line, one.message) for one in planned(ports, "prices", text, rules).problems] == [
        (3, "You cannot change POT (UK)."), (4, "You cannot change KET (UK)."),
    ]  # fmt: skip


def test_a_plan_of_an_older_catalogue_is_not_applied(ports: Ports, save: Save) -> None:
    result = planned(ports, "products", PRODUCTS)
    save(Product("X", "x"))
    with pytest.raises(Conflict):
        file_import.apply_import(ports, result, file="f", by="ana")
    assert stored_entries.get_product(ports, "KET") is None


class StopsAfter:
    """Documents that become unavailable after a number of transactions, as at a power cut."""

    def __init__(self, documents: DocumentStore, transactions: int) -> None:
        self._documents, self._left = documents, transactions

    def put_all(self, puts: Sequence[Put]) -> list[Document]:
        if self._left <= 0:
            raise Unavailable("stopped")
        self._left -= 1
        return self._documents.put_all(puts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)


@pytest.mark.parametrize("transactions", [0, 1, 2, 4])
def test_a_stopped_import_is_resumed_and_changes_each_entry_once(ports: Ports, save: Save, transactions: int) -> None:
    text = "code,name\n" + "".join(f"P{number},Product {number}\n" for number in range(1_000))
    stopping = replace(ports, documents=StopsAfter(ports.documents, transactions))
    with pytest.raises(Unavailable):
        file_import.apply_import(stopping, planned(ports, "products", text), file="f", by="ana")
    if transactions:
        with pytest.raises(entry_saving.ImportRunning):
            save(Product("X", "x"))
        with pytest.raises(entry_saving.ImportRunning):
            planned(ports, "products", PRODUCTS)
        assert file_import.resume_import(ports)
    else:
        assert file_import.resume_import(ports) is None
        load(ports, "products", text)
    assert file_import.resume_import(ports) is None
    stored = stored_entries.find_entries(ports, EntryKind.PRODUCT)
    assert len(stored) == 1_000
    assert {one.version for one in stored} == {1}
    assert ports.documents.count(entry_saving.HISTORY_COLLECTION) == 1_000
    save(Product("X", "x"))


def test_every_kind_is_exported_as_a_file_that_changes_nothing(ports: Ports, save: Save) -> None:
    load(ports, "products", PRODUCTS + "=1+1;-Formula;@x;\n007;Bond;;0012\n")
    load(ports, "prices", "code,price,currency,valid_from\nKET,10,,\nKET,11.5,EUR,2026-01-01\n=1+1,3,,\n")
    load(ports, "costs", "code,cost,region,valid_from\nKET,4,,\nKET,5,IN,2026-05-01\n")
    save(replace(product(ports, "POT"), aliases=(Alias("IN", "OLD 1"), Alias("*", "a:b"))))
    save(Store("IN", "MUM01", "Mumbai", "India", "Asia/Kolkata", "INR", Decimal("19.07"), Decimal("72.87")))
    save(Salesperson("IN", "S1", "Asha", ("MUM01",), active=False))
    save(Supplier("ACME", "Acme & Söhne", "a@acme.example"))
    save(Promotion("SUMMER", "Summer", category="Kitchen", rate=Decimal("0.125")))
    for kind in FileKind:
        for form in file_export.EXPORT_FORMATS:
            content = file_export.export_catalogue(ports, kind, form)
            result = planned(ports, kind.value, content)
            assert (result.problems, result.changes, result.ignored_headers) == ([], [], []), (kind, form)
            assert result.rows, (kind, form)


CELLS = st.text(st.sampled_from("a1 ,;\"'\n=-+@é"), max_size=5)


@settings(max_examples=16, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries({"name": CELLS, "category": CELLS}), min_size=1, max_size=4))
@example([{"name": ";'=", "category": ""}])
def test_any_text_survives_import_and_export(ports: Ports, rows: list[Mapping[str, str]]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["code", "name", "category"])
    writer.writerows([f"P{number}", f"x{row['name']}", f"y{row['category']}"] for number, row in enumerate(rows))
    load(ports, "products", out.getvalue())
    for number, row in enumerate(rows):
        # The apostrophe before a formula is not text: a spreadsheet shows none, and an export has written it.
        assert product(ports, f"P{number}").name == " ".join(unguard_formulas(f"x{row['name']}").split())
    for form in file_export.EXPORT_FORMATS:
        assert planned(ports, "products", file_export.export_catalogue(ports, FileKind.PRODUCTS, form)).changes == []


@pytest.mark.system
def test_ten_thousand_products_are_imported_in_seconds(ports: Ports) -> None:
    text = "code,name,category,barcode\n" + "".join(
        f"P{number},Product {number},Category {number % 50},{4_000_000 + number}\n" for number in range(10_000)
    )
    start = time.perf_counter()
    result = planned(ports, "products", text)
    middle = time.perf_counter()
    file_import.apply_import(ports, result, file="f", by="ana")
    seconds = (middle - start, time.perf_counter() - middle)
    assert sum(seconds) < 60, seconds
