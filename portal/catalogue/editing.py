"""Create and edit entries, and the dated prices and costs of a product."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.catalogue import change_previews
from portal.catalogue.change_previews import field_changes, notices_of
from portal.catalogue.form_fields import amount_lists, fields_of
from portal.catalogue.tabs import (
    LABELS,
    LISTS,
    MIRROR_LATE,
    SINGULAR,
    TABS,
    TITLES,
    CatalogueTab,
    all_regions,
    entry_address,
    key_of_request,
    no_tab,
    tab_links,
    tab_of,
)
from portal.context import me, ports, scope, tillstream
from portal.translation import N_, _
from tillstream.catalogue import entry_saving, stored_entries, warehouse_mirror
from tillstream.catalogue.entry_lists import entry_in_scope
from tillstream.catalogue.entry_permissions import check_edit, edits_all, may_edit
from tillstream.catalogue.file_export import amount_of_row
from tillstream.catalogue.stored_entries import StoredEntry
from tillstream.model.catalogue_columns import (
    AMOUNT_COLUMNS,
    ENTRY_COLUMNS,
    EntryProblem,
    InvalidEntry,
    new_entry,
    parse_cells,
)
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action
from tillstream.model.product_catalogue import DatedAmount, Entry, Product, amount_of_same_day

CONFLICTS = N_(
    {
        False: "Somebody else changed this entry since you opened it. The stored values are shown at each field that "
        "differs. Correct your values and save again.",
        True: "Somebody else changed this product since you opened it. The stored values are shown. Compare them, then "
        "add or remove yours again.",
    }
)
"""Whether a price or cost was to be added or removed → the words about an edit of an older version."""

PRODUCTS = TABS["products"]


@allow(Action.MANAGE_STOCK)
def show_new_entry(tab: str) -> ResponseReturnValue:
    return form_page(tab_of(tab), None)


@allow(Action.MANAGE_STOCK)
def show_entry(tab: str) -> ResponseReturnValue:
    return form_page(tab_of(tab), stored_entry(tab_of(tab)))


@allow(Action.MANAGE_STOCK)
def save_posted_entry(tab: str) -> ResponseReturnValue:
    """Save the posted fields over the version that the form was filled with; without one, as a new entry."""
    page_of_tab = tab_of(tab)
    version = request.form.get("version", 0, type=int)
    shown = stored_entry(page_of_tab) if version else None
    posted = {column.name: request.form.get(column.name, "") for column in ENTRY_COLUMNS[page_of_tab.kind]}
    parsed, problems = parse_cells(ENTRY_COLUMNS[page_of_tab.kind], posted)
    if problems:
        return form_page(page_of_tab, shown, problems, version=version), 422
    entry = replace(shown.entry, **parsed) if shown else new_entry(page_of_tab.kind, parsed)
    return save_entry(page_of_tab, entry, shown, version)


def save_entry(
    tab: CatalogueTab, entry: Entry, shown: StoredEntry | None, version: int, notices: Iterable[str] = ()
) -> ResponseReturnValue:
    """Save an entry and go to its page, with the notices; or show the form with its problems."""
    problems = check_edit(scope(), shown.entry if shown else None, entry)
    if problems:
        return form_page(tab, shown, problems, version=version), 403
    if_version = version or stored_entries.version_of_new_entry(ports(), tab.kind, *entry.key)
    try:
        stored = entry_saving.save_entry(
            ports(), tab.kind, entry, if_version=if_version, by=me().login, regions=all_regions()
        )
    except InvalidEntry as error:
        return form_page(tab, shown, error.problems, version=version), 422
    except entry_saving.EntryConflict as error:
        if not version:
            return form_page(tab, None, existing=error.current), 409
        return form_page(tab, error.current, compare=True), 409
    written = warehouse_mirror.follow_change(ports())
    tillstream().queries.clear()
    flash(_("{name} is saved.", name=" ".join(stored.entry.key)) if written else MIRROR_LATE, "done")
    for one in (*notices, *notices_of(tab.kind, [(shown.entry if shown else None, stored.entry)])):
        flash(one, "ask")
    return redirect(entry_address(tab, stored.entry), 303)


def stored_entry(tab: CatalogueTab) -> StoredEntry:
    """The entry of the request. Raises `NotFound`, also outside the scope."""
    stored = stored_entries.get_required_entry(ports(), tab.kind, *key_of_request(tab))
    if not entry_in_scope(scope(), stored.entry):
        raise NotFound(no_tab(tab.name))
    return stored


def form_page(
    tab: CatalogueTab,
    stored: StoredEntry | None,
    problems: Sequence[EntryProblem] = (),
    *,
    compare: bool = False,
    existing: StoredEntry | None = None,
    version: int | None = None,
) -> str:
    """compare: the posted values beside the stored ones; the next save replaces these. existing: has the posted key."""
    entry = stored.entry if stored else None
    fields = fields_of(tab, entry, problems, compare=compare)
    amounts = amount_lists(entry, problems) if isinstance(entry, Product) else []
    names = {one.name for one in [*fields, *(field for each in amounts if each.is_posted for field in each.fields)]}
    stored_version = stored.version if stored else 0
    return render_template(
        "catalogue/entry.html",
        tab=tab,
        title=TITLES[tab.name],
        singular=SINGULAR[tab.name],
        links=tab_links(),
        entry=entry,
        fields=fields,
        others=[one for one in problems if one.field not in names],
        conflict=CONFLICTS["list" in request.form] if compare else "",
        existing=_existing(tab, existing) if existing else None,
        version=stored_version if version is None else version,
        editable=edits_all(scope()) if isinstance(entry, Product) else entry is None or may_edit(scope(), entry),
        changes=entry_saving.find_entry_changes(ports(), tab.kind, *entry.key) if entry else [],
        changes_of=field_changes,
        labels=LABELS,
        amounts=amounts,
    )


def _existing(tab: CatalogueTab, stored: StoredEntry) -> tuple[str, str]:
    """The words about an entry that has the code of a new one, and its address if the user may see it."""
    words = _(
        "The catalogue already has the {singular} {key}, so nothing is saved. Enter another code, or edit that one.",
        singular=SINGULAR[tab.name],
        key=" ".join(stored.entry.key),
    )
    return words, entry_address(tab, stored.entry) if entry_in_scope(scope(), stored.entry) else ""


@allow(Action.MANAGE_STOCK)
def save_amount() -> ResponseReturnValue:
    """Add the posted row, or remove the one with the posted index, at the version that the page showed.

    A cost that changes past margins is saved once its effect was shown.
    """
    stored = stored_entry(PRODUCTS)
    product, name = stored.entry, request.form.get("list", "")
    if not isinstance(product, Product) or name not in LISTS:
        raise NotFound(no_tab(name))
    version = request.form.get("version", 0, type=int)
    rows: tuple[DatedAmount, ...] = product.prices if name == "prices" else product.costs
    notices: list[str] = []
    index = request.form.get("remove", type=int)
    if index is not None:
        rows = tuple(row for position, row in enumerate(rows) if position != index)
    else:
        posted = {one.name: request.form.get(one.name, "") for one in AMOUNT_COLUMNS if one.name != "code"}
        parsed, problems = parse_cells(AMOUNT_COLUMNS, posted)
        if problems:
            return form_page(PRODUCTS, stored, problems, version=version), 422
        new = amount_of_row(parsed, tillstream().settings.reporting_currency)
        rows, notices = _with_amount(rows, new, name)
    changed = replace(product, prices=rows) if name == "prices" else replace(product, costs=rows)
    is_new = version == stored.version and not check_edit(scope(), product, changed)
    if name == "costs" and is_new and "confirmed" not in request.form:
        effects = change_previews.entry_cost_effects(product, changed)
        if effects:
            return change_previews.cost_effect_page(product, effects)
    return save_entry(PRODUCTS, changed, stored, version, notices)


def _with_amount(
    rows: tuple[DatedAmount, ...], new: DatedAmount, name: str
) -> tuple[tuple[DatedAmount, ...], list[str]]:
    """Add a row unless it is there already, with a notice if it replaces another amount of its day."""
    old = amount_of_same_day(rows, new, by_currency=name == "prices")
    if old is None:
        return (*rows, new), []
    if (old.amount, old.currency) == (new.amount, new.currency):
        return rows, []
    price = formats.price(old.amount, old.currency).striptags()
    replaced = _("The new {singular} replaces {value} {currency}, which has the same first day.")
    return (*rows, new), [replaced.format(singular=LISTS[name], value=price, currency=old.currency)]
