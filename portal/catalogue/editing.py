"""Create and edit entries. An edit of an older version shows both values and loses neither."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.catalogue import texts
from portal.catalogue.amount_lists import lists_of
from portal.catalogue.field_changes import changes_of
from portal.catalogue.form_fields import fields_of
from portal.catalogue.notices import notices_of
from portal.catalogue.tabs import Tab, all_regions, entry_address, key_of_request, links, tab_of
from portal.context import me, ports, scope, tillstream
from tillstream.catalogue import entry_saving, stored_entries, warehouse_mirror
from tillstream.catalogue.entry_lists import entry_in_scope
from tillstream.catalogue.entry_permissions import check_edit, edits_all, may_edit
from tillstream.catalogue.stored_entries import StoredEntry
from tillstream.model.catalogue_columns import ENTRY_COLUMNS, EntryProblem, InvalidEntry, new_entry, parse_cells
from tillstream.model.errors import NotFound
from tillstream.model.people import Action
from tillstream.model.product_catalogue import Entry, Product


@allow(Action.MANAGE_STOCK)
def new(tab: str) -> ResponseReturnValue:
    return form_page(tab_of(tab), None)


@allow(Action.MANAGE_STOCK)
def show(tab: str) -> ResponseReturnValue:
    return form_page(tab_of(tab), stored_entry(tab_of(tab)))


@allow(Action.MANAGE_STOCK)
def save(tab: str) -> ResponseReturnValue:
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
    tab: Tab, entry: Entry, shown: StoredEntry | None, version: int, notices: Iterable[str] = ()
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
    flash(texts.saved(" ".join(stored.entry.key)) if written else texts.MIRROR_LATE, "done")
    for one in (*notices, *notices_of(tab.kind, [(shown.entry if shown else None, stored.entry)])):
        flash(one, "ask")
    return redirect(entry_address(tab, stored.entry), 303)


def stored_entry(tab: Tab) -> StoredEntry:
    """The entry of the request. Raises `NotFound`, also outside the scope."""
    stored = stored_entries.get_required_entry(ports(), tab.kind, *key_of_request(tab))
    if not entry_in_scope(scope(), stored.entry):
        raise NotFound(texts.no_tab(tab.name))
    return stored


def form_page(
    tab: Tab,
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
    amounts = lists_of(entry, problems) if isinstance(entry, Product) else []
    names = {one.name for one in [*fields, *(field for each in amounts if each.is_posted for field in each.fields)]}
    stored_version = stored.version if stored else 0
    return render_template(
        "catalogue/entry.html",
        tab=tab,
        title=texts.TABS[tab.name],
        singular=texts.SINGULAR[tab.name],
        links=links(),
        entry=entry,
        fields=fields,
        others=[one for one in problems if one.field not in names],
        conflict=texts.CONFLICTS["list" in request.form] if compare else "",
        existing=_existing(tab, existing) if existing else None,
        version=stored_version if version is None else version,
        editable=edits_all(scope()) if isinstance(entry, Product) else entry is None or may_edit(scope(), entry),
        changes=entry_saving.find_entry_changes(ports(), tab.kind, *entry.key) if entry else [],
        changes_of=changes_of,
        labels=texts.LABELS,
        amounts=amounts,
    )


def _existing(tab: Tab, stored: StoredEntry) -> tuple[str, str]:
    """The words about an entry that has the code of a new one, and its address if the user may see it."""
    words = texts.exists(texts.SINGULAR[tab.name], " ".join(stored.entry.key))
    return words, entry_address(tab, stored.entry) if entry_in_scope(scope(), stored.entry) else ""
