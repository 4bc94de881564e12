"""Codes of the sales that the catalogue lacks, with the evidence for each, and the decisions about them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.catalogue import texts
from portal.catalogue.tabs import all_regions, links
from portal.context import me, ports, scope, tillstream
from portal.metrics import ask
from tillstream.analytics.filters import Filters
from tillstream.catalogue import listing, mirror, new_codes
from tillstream.catalogue.new_codes import Decided, NewCode
from tillstream.catalogue.records import document_id
from tillstream.domain.catalogue.entries import EntryKind
from tillstream.domain.catalogue.permissions import edits_all
from tillstream.domain.errors import NotFound, Rejected
from tillstream.domain.people import Action

MOST = 5_000
"""Codes that are listed, those with most lines first."""
AT_ONCE = 100
SORTS = {"name": "name", "lines": "lines", "first": "first_sale_date", "last": "last_sale_date"}
DECIDED = "decided"
Evidence = dict[str, dict[str, Any]]
"""Document id of (region, code) → row of the query `unknown-codes`."""


@allow(Action.MANAGE_STOCK)
def show() -> ResponseReturnValue:
    query = list_view.list_query(sorts=SORTS, filters=("state", "region"), default_sort="-lines")
    state, region = (next(iter(query.chosen[name]), "") for name in ("state", "region"))
    rows: Sequence[Any] = decisions() if state == DECIDED else _sorted(undecided(), query)
    words = query.q.casefold().split()
    matching = [
        row
        for row in rows
        if all(word in _text(row).casefold() for word in words) and (not region or _value(row, "region") == region)
    ]
    return render_template(
        "catalogue/new_codes.html",
        links=links(),
        query=query,
        page=list_view.page_of(query, matching),
        state=state,
        states=texts.CODE_STATES,
        decisions=texts.DECISIONS,
        columns=texts.CODE_COLUMNS,
        region=region,
        region_choices=[(one, one) for one in all_regions() if scope().covers_region(one)],
        editable=edits_all(scope()),
        code_id=lambda row: document_id(_value(row, "region"), _value(row, "code")),
    )


@allow(Action.MANAGE_STOCK)
def decide() -> ResponseReturnValue:
    """Accept or ignore the chosen codes, or go to the page that merges them. `answer`: of a button of all chosen."""
    answer, _, single = request.form.get("answer", "").partition(" ")
    chosen = [single] if single else list(dict.fromkeys(request.form.getlist("code")[:AT_ONCE]))
    if not chosen:
        raise Rejected(texts.NO_CODE)
    _check_editor()
    if answer == "merge":
        return redirect(url_for("catalogue.merge_codes", codes=",".join(chosen)), 303)
    codes = evidence_of(chosen)
    if answer == "accept":
        done = _accepted(codes)
    elif answer == "ignore":
        new_codes.ignore(ports(), codes, by=me().login)
        done = codes
    else:
        raise NotFound(texts.no_tab(answer))
    _follow(texts.decided(answer, [one.code for one in done]) if done else "")
    return redirect(url_for("catalogue.new_codes"), 303)


@allow(Action.MANAGE_STOCK)
def merge() -> ResponseReturnValue:
    """Choose the product that the codes name, too."""
    query = list_view.list_query(keep=("codes",))
    try:
        codes = evidence_of(request.args.get("codes", "").split(",")[:AT_ONCE])
    except Rejected as error:
        flash(str(error), "ask")
        return redirect(url_for("catalogue.new_codes"))
    _check_editor()
    similar = listing.EntryFilter((codes[0].name or codes[0].code) if not query.q else query.q)
    entries = listing.find(ports(), EntryKind.PRODUCT, scope(), similar)
    if not entries and not query.q:
        entries = listing.find(ports(), EntryKind.PRODUCT, scope(), listing.EntryFilter())
    page = list_view.page_of(query, entries)
    return render_template("catalogue/merge.html", codes=codes, query=query, page=page, columns=texts.MERGE_COLUMNS)


@allow(Action.MANAGE_STOCK)
def save_merge() -> ResponseReturnValue:
    codes = evidence_of(request.form.get("codes", "").split(",")[:AT_ONCE])
    product = request.form.get("product", "")
    _check_editor()
    new_codes.merge(ports(), codes, product, by=me().login, regions=all_regions())
    _follow(texts.merged([one.code for one in codes], product))
    return redirect(url_for("catalogue.new_codes"), 303)


@allow(Action.MANAGE_STOCK)
def undo() -> ResponseReturnValue:
    decision = new_codes.get(ports(), request.form.get("region", ""), request.form.get("code", ""))
    _check_editor()
    try:
        new_codes.undo(ports(), decision, by=me().login, regions=all_regions())
    except new_codes.ChangedSince as error:
        flash(str(error), "ask")
    else:
        _follow(texts.undone(decision.code))
    return redirect(url_for("catalogue.new_codes", state=DECIDED), 303)


def undecided() -> Evidence:
    """The codes of the visible sales that the catalogue lacks and about which there is no decision."""
    rows = ask("unknown-codes", Filters(), limit=MOST).to_pylist()
    decided = {(one.region, one.code) for one in new_codes.decided(ports())}
    open_rows = (row for row in rows if (row["region"], row["code"]) not in decided)
    return {document_id(row["region"], row["code"]): row for row in open_rows}


def decisions() -> list[Decided]:
    return [one for one in new_codes.decided(ports()) if scope().covers_region(one.region)]


def evidence_of(ids: Iterable[str]) -> list[NewCode]:
    """The evidence for codes of the list. Raises `Rejected` if another person has decided about all of them."""
    rows = undecided()
    codes = [_new_code(rows[one]) for one in ids if one in rows]
    if not codes:
        raise Rejected(texts.DECIDED_MEANWHILE)
    return codes


def _new_code(row: dict[str, Any]) -> NewCode:
    names = (row["region"], row["code"], row["name"] or "", row["category"] or "")
    return NewCode(*names, row["usual_price"], row["currency"] or "", row["first_sale_date"])


def _accepted(codes: Sequence[NewCode]) -> list[NewCode]:
    """Accept each code once, with the prices of all its regions; those that cannot be accepted are named."""
    done: list[NewCode] = []
    for code in dict.fromkeys(one.code for one in codes):
        same = [one for one in codes if one.code == code]
        try:
            new_codes.accept(ports(), same, by=me().login, regions=all_regions())
            done += same
        except Rejected as error:
            flash(texts.not_accepted(code, str(error)), "ask")
    return done


def _follow(message: str) -> None:
    written = mirror.follow(ports())
    tillstream().queries.clear()
    if message:
        flash(message if written else texts.MIRROR_LATE, "done")


def _check_editor() -> None:
    """Products concern the whole company."""
    if not edits_all(scope()):
        abort(403)


def _sorted(rows: Evidence, query: list_view.ListQuery) -> list[dict[str, Any]]:
    key: Callable[[dict[str, Any]], Any] = lambda row: row[SORTS[query.column]] or ""  # noqa: E731 - typed
    return sorted(rows.values(), key=key, reverse=query.down)


def _value(row: Any, name: str) -> str:
    return str(getattr(row, name) if isinstance(row, Decided) else row[name])


def _text(row: Any) -> str:
    names = ("region", "code", "product", "by") if isinstance(row, Decided) else ("region", "code", "name", "stores")
    return " ".join(_value(row, name) for name in names)
