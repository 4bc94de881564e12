"""What people see of a change before it is saved: fields before and after, likely mistakes, and margins."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import render_template, request

from portal.catalogue.tabs import ALL_REGIONS, COST_EFFECT, LABELS, LISTS, TABS, YES_NO, entry_address
from portal.context import ports, scope
from portal.figures import ask
from portal.formats import price
from portal.reader_locale import day_text
from portal.translation import _
from tillstream.analytics.filters import Filters
from tillstream.catalogue import entry_saving
from tillstream.catalogue.cost_effect import CostEffect, cost_effects, first_changed_day
from tillstream.catalogue.entry_lists import all_entries, catalogue_entries, entry_in_scope
from tillstream.catalogue.entry_permissions import shows_amount
from tillstream.catalogue.file_import import PlannedChange
from tillstream.model import countries
from tillstream.model.catalogue_columns import rate_text
from tillstream.model.document_json import from_json
from tillstream.model.product_catalogue import EVERYWHERE, DatedAmount, Entry, EntryKind, Product, Supplier

EntryChange = tuple[Entry | None, Entry]
"""An entry before and after."""
FIELDS = ("code", "version", "list", "remove", "region", "valid_from", "amount", "currency")
"""Fields of the form that are posted again when the change is confirmed."""

MAX_EFFECTS = 10
"""Products of an import whose effects are computed: each needs a query."""


@dataclass(frozen=True)
class FieldChange:
    """`before`, `after`: one text for each value; of prices and costs only those that were removed and added."""

    label: str
    before: list[str]
    after: list[str]


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    """The fields of `after`, as of `entry_saving.changed_fields`; amounts of other regions are left out."""
    for field, new in after.items():
        old = before.get(field, [])
        if field not in LISTS:
            yield FieldChange(LABELS.get(field, field), _texts(field, old), _texts(field, new))
            continue
        removed, added = ([one for one in old if one not in new], [one for one in new if one not in old])
        change = FieldChange(LABELS[field], _amounts(removed), _amounts(added))
        if change.before or change.after:
            yield change


def amount_text(row: DatedAmount) -> str:
    region = ALL_REGIONS if row.region == EVERYWHERE else row.region
    amount = f"{price(row.amount, row.currency).striptags()} {row.currency}"
    first_day = day_text(row.valid_from) if row.valid_from else _("the beginning")
    return _("{region}: {amount} from {first_day}", region=region, amount=amount, first_day=first_day)


def _amounts(rows: list[dict[str, Any]]) -> list[str]:
    amounts = (from_json(DatedAmount, one) for one in rows)
    return [amount_text(one) for one in amounts if shows_amount(scope(), one.region)]


def _texts(field: str, value: Any) -> list[str]:
    match value:
        case list():
            shown = [one for part in value for one in _texts(field, part)]
        case {"region": region, "code": code}:
            shown = [f"{region}:{code}"]
        case {"day": day, "hours": hours}:
            shown = [f"{day} {hours}"]
        case bool():
            shown = [YES_NO["yes" if value else "no"]]
        case str() if field == "rate" and value:
            shown = [rate_text(Decimal(value))]
        case _:
            shown = [ALL_REGIONS if (field, value) == ("region", EVERYWHERE) else str(value)] if value else []
    return shown


def notices_of(kind: EntryKind, changes: Collection[EntryChange]) -> list[str]:
    """Notices about new entries and changed values, each once.

    Suppliers and categories are compared with those of the catalogue if it has some.
    """
    notices = [*_similar_codes(kind, changes)]
    if kind is EntryKind.PRODUCT:
        suppliers = {key[0] for key in catalogue_entries(ports(), Supplier)}
        unknown = _unknown("supplier", changes, suppliers)
        notices += [_("The catalogue has no supplier {code}.", code=one) for one in unknown]
    if kind is EntryKind.PROMOTION:
        products = catalogue_entries(ports(), Product).values()
        categories = {one.category for one in products if one.category}
        unknown = _unknown("category", changes, categories)
        notices += [_("No product of the catalogue has the category {category}.", category=one) for one in unknown]
    if kind is EntryKind.STORE:
        notices += [
            _("{name} is not the name or code of a country.", name=one)
            for one in _new_values("country", changes)
            if not countries.country_code(one)
        ]
    return list(dict.fromkeys(notices))


def _unknown(field: str, changes: Collection[EntryChange], existing: Collection[str]) -> Iterator[str]:
    return (one for one in _new_values(field, changes) if existing and one not in existing)


def _new_values(field: str, changes: Collection[EntryChange]) -> Iterator[str]:
    for before, after in changes:
        value = str(getattr(after, field))
        if value and value != getattr(before, field, ""):
            yield value


def _similar_codes(kind: EntryKind, changes: Collection[EntryChange]) -> Iterator[str]:
    """Codes of new entries that differ from another one only in capital letters."""
    added = [after for before, after in changes if before is None]
    similar: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    visible = [one for one in all_entries(ports(), kind).values() if entry_in_scope(scope(), one)] if added else []
    for one in [*visible, *added]:
        similar[_folded(one)].add(one.key)
    for one in added:
        for key in sorted(similar[_folded(one)] - {one.key}):
            code, other = sorted((one.key[-1], key[-1]))
            yield _("{code} and {other} differ only in capital letters: they are two codes.", code=code, other=other)


def _folded(entry: Entry) -> tuple[str, ...]:
    return tuple(part.casefold() for part in entry.key)


def entry_cost_effects(before: Product, after: Product) -> list[CostEffect]:
    """The margins that change, by currency, in the sales that the user sees."""
    prepared = entry_saving.prepare_entry(ports(), EntryKind.PRODUCT, after, before)
    since = first_changed_day(before.costs, after.costs)
    if since is None or not isinstance(prepared, Product):
        return []
    added = dict.fromkeys(row.currency for row in after.costs if row not in before.costs)
    sums = [
        row
        for currency in added or [before.costs[0].currency]
        for row in ask("cost-effect", Filters(), product=before.code, cost_currency=currency, since=since).to_pylist()
    ]
    return cost_effects(sums, before.costs, prepared.costs)


def cost_effects_of_import(changes: Iterable[PlannedChange]) -> tuple[list[tuple[Product, CostEffect]], int]:
    """The margins that the first products of an import change, and the number of products that are left out."""
    pairs = [
        (one.before.entry, one.after)
        for one in changes
        if one.before and isinstance(one.before.entry, Product) and isinstance(one.after, Product)
    ]
    today = ports().clock.now().date()
    changing = [(old, new) for old, new in pairs if (first_changed_day(old.costs, new.costs) or today) < today]
    effects = [(new, effect) for old, new in changing[:MAX_EFFECTS] for effect in entry_cost_effects(old, new)]
    return effects, max(len(changing) - MAX_EFFECTS, 0)


def cost_effect_page(product: Product, effects: list[CostEffect]) -> str:
    posted = [(name, request.form[name]) for name in FIELDS if name in request.form]
    return render_template(
        "catalogue/cost_effect.html",
        product=product,
        address=entry_address(TABS["products"], product),
        effects=[(None, effect) for effect in effects],
        posted=posted,
        title=COST_EFFECT,
    )
