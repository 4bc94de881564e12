"""Import with a preview, and export."""

import secrets

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.catalogue import change_previews, texts
from portal.catalogue.change_previews import field_changes, notices_of
from portal.catalogue.tabs import CatalogueTab, all_regions, tab_links, tab_of
from portal.context import me, ports, scope, tillstream
from portal.urls import go_to
from tillstream.catalogue import file_export, file_import, warehouse_mirror
from tillstream.catalogue.file_export import ENTRY_KINDS, FileKind, columns_of_file, parse_file_kind
from tillstream.catalogue.file_import import ImportPlan, ImportRules, plan_import
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.pipeline import tabular

SHOWN = 100
"""Changes and problems that the preview shows."""
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@allow(Action.MANAGE_STOCK)
def show_import(tab: str) -> ResponseReturnValue:
    return _page(tab_of(tab))


@allow(Action.MANAGE_STOCK)
def preview_import(tab: str) -> ResponseReturnValue:
    """Keep the file and show what it would change."""
    page_of_tab = tab_of(tab)
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(page_of_tab, error=texts.NO_FILE), 422
    kind, content = _kind(page_of_tab, request.form.get("kind", "")), file.read()
    try:
        planned = _plan(kind, content)
    except Rejected as error:
        return _page(page_of_tab, error=str(error)), 422
    preview_id = secrets.token_hex(16)
    tabular.write_preview(ports(), me().login, preview_id, content)
    return _page(page_of_tab, planned, file.filename, preview_id), 422 if planned.problems else 200


@allow(Action.MANAGE_STOCK)
def apply_import(tab: str) -> ResponseReturnValue:
    """Import the file of a preview. If the catalogue has changed since, the preview is shown again."""
    page_of_tab, preview_id = tab_of(tab), request.form.get("preview", "")
    kind, name = _kind(page_of_tab, request.form.get("kind", "")), request.form.get("name", "")[:200]
    try:
        content = tabular.read_preview(ports(), me().login, preview_id)
    except (NotFound, Rejected):
        return _page(page_of_tab, error=texts.GONE), 422
    planned = _plan(kind, content)
    if planned.problems or str(planned.revision) != request.form.get("revision"):
        return _page(page_of_tab, planned, name, preview_id, texts.IMPORT_CONFLICT), 409
    try:
        applied = file_import.apply_import(ports(), planned, file=name, by=me().login)
    except Conflict:
        return _page(page_of_tab, _plan(kind, content), name, preview_id, texts.IMPORT_CONFLICT), 409
    tabular.delete_preview(ports(), me().login, preview_id)
    warehouse_mirror.follow_change(ports())
    tillstream().queries.clear()
    return go_to("catalogue.listing", texts.imported(applied.added, applied.changed), tab=tab)


@allow(Action.MANAGE_STOCK)
def export_entries(tab: str, kind: str) -> ResponseReturnValue:
    """All entries of a kind that the user may see, as a file that can be imported again."""
    form = request.args.get("format", "csv")
    content = file_export.export_catalogue(ports(), _kind(tab_of(tab), kind), form, scope())
    response = Response(content, mimetype=TYPES[form].partition(";")[0])
    response.headers["Content-Type"] = TYPES[form]
    response.headers.set("Content-Disposition", "attachment", filename=f"{kind}.{form}")
    return response


def _kind(tab: CatalogueTab, text: str) -> FileKind:
    """Raises `NotFound` for a kind of another tab."""
    kind = parse_file_kind(text) if text in set(FileKind) else None
    if kind not in tab.files or kind is None:
        raise NotFound(texts.no_tab(text))
    return kind


def _plan(kind: FileKind, content: bytes) -> ImportPlan:
    rules = ImportRules(all_regions(), tillstream().settings.reporting_currency, scope())
    return plan_import(ports(), kind, content, rules)


def _page(
    tab: CatalogueTab, planned: ImportPlan | None = None, name: str = "", preview_id: str = "", error: str = ""
) -> str:
    shows_effects = planned and planned.kind is FileKind.COSTS and not planned.problems
    effects, others = change_previews.cost_effects_of_import(planned.changes) if planned and shows_effects else ([], 0)
    return render_template(
        "catalogue/import.html",
        tab=tab,
        title=texts.TABS[tab.name],
        links=tab_links(),
        kinds=[(kind.value, texts.KINDS[kind.value]) for kind in tab.files],
        columns={texts.KINDS[kind]: [one.name for one in columns_of_file(kind)] for kind in tab.files},
        plan=planned,
        changes=planned.changes[:SHOWN] if planned else [],
        problems=planned.problems[:SHOWN] if planned else [],
        file_name=name,
        preview_id=preview_id,
        error=error,
        changes_of=field_changes,
        effects=effects,
        notices=_notices(planned) if planned else [],
        effect_title=texts.COST_EFFECT,
        other_effects=others,
    )


def _notices(planned: ImportPlan) -> list[str]:
    changes = [(one.before.entry if one.before else None, one.after) for one in planned.changes]
    return notices_of(ENTRY_KINDS[planned.kind], changes)[:SHOWN]
