"""Import with a preview, and export."""

from collections.abc import Callable
from contextlib import suppress

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import table_imports
from portal.access import allow
from portal.catalogue import change_previews
from portal.catalogue.change_previews import field_changes, notices_of
from portal.catalogue.tabs import COST_EFFECT, TITLES, CatalogueTab, all_regions, no_tab, tab_links, tab_of
from portal.context import me, ports, scope, tillstream
from portal.table_imports import SHOWN, Preview
from portal.translation import N_, _
from portal.urls import go_to
from tillstream.catalogue import file_export, file_import, warehouse_mirror
from tillstream.catalogue.file_export import ENTRY_KINDS, FileKind, columns_of_file, parse_file_kind
from tillstream.catalogue.file_import import AppliedImport, ImportPlan, ImportRules, plan_import
from tillstream.model.errors import Conflict, NotFound
from tillstream.model.permissions import Action

KINDS = {"products": N_("Products"), "prices": N_("Prices"), "costs": N_("Costs")} | {
    name: words for name, words in TITLES.items() if name != "products"
}


@allow(Action.MANAGE_STOCK)
def show_import(tab: str) -> ResponseReturnValue:
    return _page(tab_of(tab))


@allow(Action.MANAGE_STOCK)
def preview_import(tab: str) -> ResponseReturnValue:
    """Keep the file and show what it would change."""
    page_of_tab = tab_of(tab)
    preview = table_imports.preview_upload(_planner(page_of_tab))
    return _page(page_of_tab, preview), 422 if preview.error or (preview.plan and preview.plan.problems) else 200


@allow(Action.MANAGE_STOCK)
def apply_import(tab: str) -> ResponseReturnValue:
    """Import the file of a preview. If the catalogue has changed since, the preview is shown again."""
    page_of_tab = tab_of(tab)
    plan = _planner(page_of_tab)
    preview = table_imports.kept_preview(plan)
    if preview.plan is None:
        return _page(page_of_tab, preview), 422
    applied = _apply(preview.plan, preview.name)
    if applied is None:
        conflict = _("The catalogue was changed since the preview. Review the changes again, then import the file.")
        return _page(page_of_tab, table_imports.kept_preview(plan, conflict)), 409
    preview.delete()
    warehouse_mirror.follow_change(ports())
    tillstream().queries.clear()
    imported = _("The file is imported: {added:,} added, {changed:,} changed.")
    imported = imported.format(added=applied.added, changed=applied.changed)
    return go_to("catalogue.listing", imported, tab=tab)


@allow(Action.MANAGE_STOCK)
def export_entries(tab: str, kind: str) -> ResponseReturnValue:
    """All entries of a kind that the user may see, as a file that can be imported again."""
    form = request.args.get("format", "csv")
    content = file_export.export_catalogue(ports(), _kind(tab_of(tab), kind), form, scope())
    return table_imports.table_response(content, kind, form)


def _kind(tab: CatalogueTab, text: str) -> FileKind:
    """Raises `NotFound` for a kind of another tab."""
    kind = parse_file_kind(text) if text in set(FileKind) else None
    if kind not in tab.files or kind is None:
        raise NotFound(no_tab(text))
    return kind


def _planner(tab: CatalogueTab) -> Callable[[bytes], ImportPlan]:
    """How the content of the form is planned. Raises `NotFound` for a kind of another tab."""
    kind = _kind(tab, request.form.get("kind", ""))
    rules = ImportRules(all_regions(), tillstream().settings.reporting_currency, scope())
    return lambda content: plan_import(ports(), kind, content, rules)


def _apply(plan: ImportPlan, name: str) -> AppliedImport | None:
    """Import a file; None if it has problems, or if the catalogue has changed since the preview in the form."""
    if not plan.problems and str(plan.revision) == request.form.get("revision"):
        with suppress(Conflict):
            return file_import.apply_import(ports(), plan, file=name, by=me().login)
    return None


def _page(tab: CatalogueTab, preview: Preview[ImportPlan] | None = None) -> str:
    preview = preview or Preview()
    planned = preview.plan
    shows_effects = planned and planned.kind is FileKind.COSTS and not planned.problems
    effects, others = change_previews.cost_effects_of_import(planned.changes) if planned and shows_effects else ([], 0)
    return render_template(
        "catalogue/import.html",
        tab=tab,
        title=TITLES[tab.name],
        links=tab_links(),
        kinds=[(kind.value, KINDS[kind.value]) for kind in tab.files],
        columns={KINDS[kind]: [one.name for one in columns_of_file(kind)] for kind in tab.files},
        preview=preview,
        plan=planned,
        shown=SHOWN,
        changes_of=field_changes,
        effects=effects,
        notices=_notices(planned) if planned else [],
        effect_title=COST_EFFECT,
        other_effects=others,
    )


def _notices(planned: ImportPlan) -> list[str]:
    changes = [(one.before.entry if one.before else None, one.after) for one in planned.changes]
    return notices_of(ENTRY_KINDS[planned.kind], changes)[:SHOWN]
