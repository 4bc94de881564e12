"""Fields of the forms of an entry, and the prices and costs of a product, with their problems."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import request

from portal.catalogue.tabs import ALL_REGIONS, LABELS, LISTS, YES_NO, CatalogueTab, own_regions, supplier_names
from portal.context import scope, tillstream
from portal.translation import N_, _
from tillstream.catalogue.entry_permissions import edits_all, edits_region, shows_amount
from tillstream.model.catalogue_columns import (
    AMOUNT_COLUMNS,
    ENTRY_COLUMNS,
    KEY_COLUMNS,
    EntryColumn,
    EntryProblem,
    entry_cells,
)
from tillstream.model.product_catalogue import EVERYWHERE, DatedAmount, Entry, Product, replaced_amounts

HINTS = N_(
    {
        "code": "As written in files and by tills.",
        "pack_size": "Units in a pack: orders are whole packs.",
        "minimum_order": "Units of the smallest order.",
        "shelf_life_days": "Days for which it can be sold after it arrives.",
        "minimum_stock": "Units of a store up to which its stock is low. Empty: what it sells in the lead time.",
        "lead_time_days": "Days from an order to its arrival.",
        "barcodes": "Several are separated by semicolons.",
        "aliases": "Codes of other sources, as REGION:CODE or *:CODE for all regions, separated by semicolons.",
        "store_id": "As written in the files of the region.",
        "salesperson_id": "As written in the files of the region.",
        "time_zone": "For example Europe/London.",
        "currency": "For example EUR.",
        "opening_hours": "For example Mon-Fri 09:00-18:00; Sat 10:00-16:00.",
        "stores": "Store IDs, separated by semicolons. Empty: all stores of the region.",
        "product": "The code of one product, or leave it empty and enter a category.",
        "kind": "Promotions of one kind cannot overlap.",
        "rate": "For example 20%.",
        "valid_from": "For example 2026-12-01. Empty: from the beginning.",
        "valid_to": "For example 2026-12-24. Empty: without an end.",
    }
)
FIRST_DAYS = N_(
    {
        "prices": "Empty: from the beginning. Prices off the list compares each sale with the price of its day.",
        "costs": "Empty: from the beginning. An earlier day changes past margins.",
    }
)


@dataclass(frozen=True)
class FormField:
    """`stored`: the stored text, if it differs from the posted one. `choices`: value and label; none: any text."""

    id: str
    name: str
    label: str
    value: str
    hint: str = ""
    errors: tuple[str, ...] = ()
    stored: str | None = None
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    fixed: bool = False
    type: str = "text"


def fields_of(
    tab: CatalogueTab, entry: Entry | None, problems: Iterable[EntryProblem] = (), *, compare: bool = False
) -> list[FormField]:
    """The fields of the tab's form. compare: show where the stored entry differs from the posted values."""
    stored = entry_cells(tab.kind, entry) if entry else {}
    errors = _errors(problems)
    shown = []
    for column in ENTRY_COLUMNS[tab.kind]:
        current = stored.get(column.name, column.default)
        value = request.form.get(column.name, current)
        shown.append(
            FormField(
                column.name,
                column.name,
                LABELS[column.name],
                value,
                HINTS.get(column.name, ""),
                errors.get(column.name, ()),
                current if compare and current.strip() != value.strip() else None,
                _choices(column, value),
                column.required,
                entry is not None and column.name in KEY_COLUMNS[tab.kind],
            )
        )
    return shown


def amount_fields(name: str, posted: Mapping[str, str], problems: Iterable[EntryProblem]) -> list[FormField]:
    """The fields of the form that adds a price or cost. name: `prices` or `costs`."""
    errors = _errors(problems)
    hints = {
        "valid_from": FIRST_DAYS[name],
        "currency": _("Empty: {currency}.", currency=tillstream().settings.reporting_currency),
    }
    return [
        FormField(
            f"{name}-{column.name}",
            column.name,
            LABELS[column.name],
            posted.get(column.name, ""),
            hints.get(column.name, ""),
            errors.get(column.name, ()),
            choices=region_choices(posted.get("region", ""), everywhere=True) if column.name == "region" else (),
            required=column.required or column.name == "region",
            type="date" if column.name == "valid_from" else "text",
        )
        for column in AMOUNT_COLUMNS
        if column.name != "code"
    ]


def _errors(problems: Iterable[EntryProblem]) -> dict[str, tuple[str, ...]]:
    """Field → its messages."""
    errors: dict[str, tuple[str, ...]] = {}
    for one in problems:
        errors[one.field] = (*errors.get(one.field, ()), f"{one.message_with(LABELS)} {one.remedy}")
    return errors


def _choices(column: EntryColumn, value: str) -> tuple[tuple[str, str], ...]:
    if column.name == "active":
        return tuple(YES_NO.items())
    if column.name == "supplier":
        return supplier_choices(value)
    if column.name != "region":
        return ()
    return region_choices(value, everywhere=column.default == EVERYWHERE)


def supplier_choices(value: str) -> tuple[tuple[str, str], ...]:
    """None and all suppliers by name; empty without suppliers. value: the chosen code, which is always listed."""
    suppliers = supplier_names()
    if not suppliers:
        return ()
    listed = suppliers if value in {"", *suppliers} else {**suppliers, value: value}
    return ("", "–"), *((code, name if name == code else f"{name} ({code})") for code, name in listed.items())


def region_choices(value: str, *, everywhere: bool) -> tuple[tuple[str, str], ...]:
    """Own regions, and all regions for who may edit them. value: the chosen one, which is always listed."""
    names = dict.fromkeys([*own_regions(), *([value] if value not in {"", EVERYWHERE} else [])])
    listed = [(one, one) for one in names]
    whole = [(EVERYWHERE, ALL_REGIONS)] if everywhere and (edits_all(scope()) or value == EVERYWHERE) else []
    return (*whole, *listed)


@dataclass(frozen=True)
class AmountRow:
    """`index`: position in the list of the product. `replaced`: another one from the same day counts."""

    row: DatedAmount
    index: int
    editable: bool
    replaced: bool


@dataclass(frozen=True)
class AmountList:
    """`fields`: those of the form, with the posted values if `is_posted`."""

    name: str
    title: str
    singular: str
    rows: list[AmountRow]
    fields: list[FormField]
    is_posted: bool


def amount_lists(product: Product, problems: Iterable[EntryProblem] = ()) -> list[AmountList]:
    """The visible prices and costs, by region and day. problems: those of the posted form."""
    listed = []
    for name in LISTS:
        rows = product.prices if name == "prices" else product.costs
        without_effect = replaced_amounts(rows, by_currency=name == "prices")
        shown = [
            AmountRow(row, index, edits_region(scope(), row.region), index in without_effect)
            for index, row in sorted(enumerate(rows), key=lambda pair: _order(pair[1]))
            if shows_amount(scope(), row.region)
        ]
        is_posted = request.form.get("list") == name and "remove" not in request.form
        fields = amount_fields(name, request.form if is_posted else {}, problems if is_posted else ())
        listed.append(AmountList(name, LABELS[name], LISTS[name], shown, fields, is_posted))
    return listed


def _order(row: DatedAmount) -> tuple[str, str, str]:
    return row.region, str(row.valid_from or ""), row.recorded_at
