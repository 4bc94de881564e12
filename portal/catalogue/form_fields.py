"""Fields of the forms of an entry, and the prices and costs of a product, with their problems."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import request

from portal.catalogue import texts
from portal.catalogue.tabs import CatalogueTab, own_regions, supplier_names
from portal.context import scope, tillstream
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
                texts.LABELS[column.name],
                value,
                texts.HINTS.get(column.name, ""),
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
        "valid_from": texts.FIRST_DAYS[name],
        "currency": texts.default_currency(tillstream().settings.reporting_currency),
    }
    return [
        FormField(
            f"{name}-{column.name}",
            column.name,
            texts.LABELS[column.name],
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
        errors[one.field] = (*errors.get(one.field, ()), f"{one.message_with(texts.LABELS)} {one.remedy}")
    return errors


def _choices(column: EntryColumn, value: str) -> tuple[tuple[str, str], ...]:
    if column.name == "active":
        return tuple(texts.YES_NO.items())
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
    whole = [(EVERYWHERE, texts.ALL_REGIONS)] if everywhere and (edits_all(scope()) or value == EVERYWHERE) else []
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
    for name in texts.LISTS:
        rows = product.prices if name == "prices" else product.costs
        without_effect = replaced_amounts(rows, by_currency=name == "prices")
        shown = [
            AmountRow(row, index, edits_region(scope(), row.region), index in without_effect)
            for index, row in sorted(enumerate(rows), key=lambda pair: _order(pair[1]))
            if shows_amount(scope(), row.region)
        ]
        is_posted = request.form.get("list") == name and "remove" not in request.form
        fields = amount_fields(name, request.form if is_posted else {}, problems if is_posted else ())
        listed.append(AmountList(name, texts.LABELS[name], texts.LISTS[name], shown, fields, is_posted))
    return listed


def _order(row: DatedAmount) -> tuple[str, str, str]:
    return row.region, str(row.valid_from or ""), row.recorded_at
