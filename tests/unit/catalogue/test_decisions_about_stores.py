"""Codes of stores and salespeople that the catalogue lacks: accepted, ignored, and undone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tillstream.catalogue import entry_lists, entry_saving, new_codes, stored_entries, warehouse_mirror
from tillstream.catalogue.new_codes import ChangedSince, NewCode
from tillstream.catalogue.stored_entries import StoredEntry
from tillstream.model.catalogue_columns import InvalidEntry
from tillstream.model.people import UNRESTRICTED
from tillstream.model.product_catalogue import Entry, EntryKind, Salesperson, Store
from tillstream.ports import Ports
from tillstream.records import audit_log

Save = Callable[[Entry], StoredEntry]
WHO: dict[str, Any] = {"by": "ana", "regions": ("IN", "UK")}
LONDON = NewCode("UK", "LON", currency="GBP", kind=EntryKind.STORE)
ANN = NewCode("UK", "ANN", kind=EntryKind.SALESPERSON, stores=("LON", "YORK"))


def listed(ports: Ports, kind: EntryKind) -> list[Entry]:
    entries = entry_lists.list_entries(ports, kind, UNRESTRICTED, entry_lists.EntryFilter(state=entry_lists.ALL))
    return [replace(one, versions=()) for one in entries if isinstance(one, Store | Salesperson)]


def test_an_accepted_store_is_withdrawn_and_accepted_again(ports: Ports) -> None:
    for _ in range(2):
        new_codes.accept_code(ports, [LONDON], **WHO)
        assert listed(ports, EntryKind.STORE) == [Store("UK", "LON", "LON", currency="GBP")]
        with pytest.raises(entry_saving.EntryConflict):
            new_codes.accept_code(ports, [LONDON], **WHO)
        new_codes.undo_decision(ports, new_codes.get_decision(ports, "UK", "LON", EntryKind.STORE), **WHO)
        assert listed(ports, EntryKind.STORE) == []
        warehouse_mirror.sync_mirror(ports)
        assert ports.warehouse.query("SELECT * FROM catalogue_stores").num_rows == 0
    assert new_codes.decided_codes(ports) == []


def test_a_salesperson_sells_in_the_seen_stores_that_the_catalogue_has(ports: Ports) -> None:
    new_codes.accept_code(ports, [replace(ANN, code="BOB")], **WHO)
    new_codes.accept_code(ports, [LONDON], **WHO)
    new_codes.accept_code(ports, [ANN], **WHO)
    assert listed(ports, EntryKind.SALESPERSON) == [
        Salesperson("UK", "ANN", "ANN", ("LON",)),
        Salesperson("UK", "BOB", "BOB", ("LON", "YORK")),
    ]
    with pytest.raises(InvalidEntry, match="YORK"):
        new_codes.accept_code(ports, [replace(ANN, code="EVE", stores=("YORK",))], **WHO)


def test_what_was_changed_or_is_used_is_not_withdrawn(ports: Ports, save: Save) -> None:
    new_codes.accept_code(ports, [LONDON], **WHO)
    new_codes.accept_code(ports, [ANN], **WHO)
    store, seller = (new_codes.get_decision(ports, one.region, one.code, one.kind) for one in (LONDON, ANN))
    with pytest.raises(ChangedSince, match="store LON"):
        new_codes.undo_decision(ports, store, **WHO)
    save(Salesperson("UK", "ANN", "Ann"))
    with pytest.raises(ChangedSince, match="salesperson ANN"):
        new_codes.undo_decision(ports, seller, **WHO)
    new_codes.undo_decision(ports, store, **WHO)
    assert stored_entries.get_current_entry(ports, EntryKind.STORE, "UK", "LON") is None
    save(Salesperson("UK", "BOB", "Bob", ("ANY",)))


def test_one_code_of_two_kinds_has_two_decisions(ports: Ports) -> None:
    codes = [replace(ANN, kind=kind) for kind in (EntryKind.PRODUCT, EntryKind.STORE, EntryKind.SALESPERSON)]
    new_codes.ignore_codes(ports, codes, by="ana")
    new_codes.undo_decision(ports, new_codes.get_decision(ports, "UK", "ANN", EntryKind.STORE), **WHO)
    assert {one.kind for one in new_codes.decided_codes(ports)} == {EntryKind.PRODUCT, EntryKind.SALESPERSON}
    subjects = [one.subject for one in audit_log.find_entries(ports, audit_log.AuditFilter())]
    assert sorted(subjects) == ["code UK ANN", "salesperson UK ANN", "store UK ANN", "store UK ANN"]
