"""Codes of the sales that the catalogue lacks, with the evidence for each, and the decisions about them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.catalogue.tabs import MIRROR_LATE, TABS, all_regions, entry_address, no_tab, own_regions, tab_links
from portal.context import me, ports, scope, tillstream
from portal.figures import ask
from portal.translation import N_, _, ngettext
from tillstream.analytics.filters import Filters
from tillstream.catalogue import entry_lists, new_codes, warehouse_mirror
from tillstream.catalogue.entry_permissions import may_edit
from tillstream.catalogue.new_codes import DecidedCode, NewCode
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.model.product_catalogue import EntryKind, Product

CODE_STATES = N_({"": "To decide", "decided": "Decided"})
DECISIONS = N_({"accepted": "Accepted as", "merged": "Merged into", "ignored": "Ignored"})
CODE_KINDS = N_({EntryKind.PRODUCT: "Products", EntryKind.STORE: "Stores", EntryKind.SALESPERSON: "Salespeople"})
CODE_EVIDENCE: dict[EntryKind, list[dict[str, object]]] = {
    EntryKind.PRODUCT: [
        {"key": "category", "label": N_("Category")},
        {"key": "price", "label": N_("Usual price"), "num": True},
    ],
    EntryKind.STORE: [
        {"key": "currency", "label": N_("Usual currency")},
        {"key": "people", "label": N_("Salespeople"), "num": True},
    ],
    EntryKind.SALESPERSON: [],
}
DECISION_COLUMNS = [
    {"key": "code", "label": N_("Code")},
    {"key": "decision", "label": N_("Decision")},
    {"key": "who", "label": N_("Who")},
    {"key": "when", "label": N_("When")},
    {"key": "actions", "label": N_("Actions")},
]
MERGE_COLUMNS = [
    {"key": "name", "label": N_("Product")},
    {"key": "category", "label": N_("Category")},
    {"key": "actions", "label": N_("Actions")},
]

MAX_CODES = 5_000
"""Codes that are listed, those with most lines first."""
AT_ONCE = 100
SORTS = {"name": "name", "lines": "lines", "first": "first_sale_date", "last": "last_sale_date"}
DECIDED = "decided"
Evidence = dict[str, dict[str, Any]]
"""ID of a code → row of the query `unknown-codes`."""
TAB_OF = {one.kind: one for one in TABS.values() if one.kind in CODE_KINDS}


@allow(Action.MANAGE_STOCK)
def show_new_codes() -> ResponseReturnValue:
    query = list_view.list_query(sorts=SORTS, filters=("state", "region"), keep=("kind",), default_sort="-lines")
    kind = _kind(request.args)
    state, region = (next(iter(query.chosen[name]), "") for name in ("state", "region"))
    unknown = undecided_codes()
    rows: Sequence[Any]
    if state == DECIDED:
        rows = [one for one in visible_decisions() if one.kind is kind]
    else:
        rows = _sorted([row for row in unknown.values() if row["kind"] is kind], query)
    words = query.q.casefold().split()
    matching = [
        row
        for row in rows
        if all(word in _text(row).casefold() for word in words) and (not region or _value(row, "region") == region)
    ]
    return render_template(
        "catalogue/new_codes.html",
        links=tab_links(),
        query=query,
        page=list_view.page_of(query, matching),
        state=state,
        states=CODE_STATES,
        decisions=DECISIONS,
        columns={"new": _code_columns(kind), "decided": DECISION_COLUMNS},
        kind=kind,
        kinds=_kind_links(unknown),
        kind_address=address_of(kind),
        catalogue_tab=TAB_OF[kind].name,
        region=region,
        region_choices=[(one, one) for one in own_regions()],
        editable=_may_decide,
        any_editable=any(_may_decide(one) for one in rows),
        entry_of=_entry_address,
        code_id=lambda row: new_codes.code_id(row["kind"], row["region"], row["code"]),
    )


@allow(Action.MANAGE_STOCK)
def decide_codes() -> ResponseReturnValue:
    """Accept or ignore the chosen codes, or go to the page that merges them. `answer`: of a button of all chosen."""
    answer, _space, single = request.form.get("answer", "").partition(" ")
    chosen = [single] if single else list(dict.fromkeys(request.form.getlist("code")[:AT_ONCE]))
    if not chosen:
        raise Rejected(_("Select at least one code."))
    if answer == "merge":
        return redirect(url_for("catalogue.merge_codes", codes=",".join(chosen)), 303)
    codes = evidence_of(chosen)
    _check_editor(codes)
    if answer == "accept":
        done = _accepted(codes)
    elif answer == "ignore":
        new_codes.ignore_codes(ports(), codes, by=me().login)
        done = codes
    else:
        raise NotFound(no_tab(answer))
    _follow(_decided(answer, list(dict.fromkeys(one.code for one in done))) if done else "")
    return redirect(address_of(codes[0].kind), 303)


@allow(Action.MANAGE_STOCK)
def show_merge() -> ResponseReturnValue:
    """Choose the product that the codes name, too."""
    query = list_view.list_query(keep=("codes",))
    try:
        codes = _products(evidence_of(request.args.get("codes", "").split(",")[:AT_ONCE]))
    except Rejected as error:
        flash(str(error), "ask")
        return redirect(url_for("catalogue.new_codes"))
    _check_editor(codes)
    similar = entry_lists.EntryFilter((codes[0].name or codes[0].code) if not query.q else query.q)
    entries = entry_lists.list_entries(ports(), EntryKind.PRODUCT, scope(), similar)
    if not entries and not query.q:
        entries = entry_lists.list_entries(ports(), EntryKind.PRODUCT, scope(), entry_lists.EntryFilter())
    page = list_view.page_of(query, entries)
    return render_template("catalogue/merge.html", codes=codes, query=query, page=page, columns=MERGE_COLUMNS)


@allow(Action.MANAGE_STOCK)
def save_merge() -> ResponseReturnValue:
    codes = _products(evidence_of(request.form.get("codes", "").split(",")[:AT_ONCE]))
    product = request.form.get("product", "")
    _check_editor(codes)
    new_codes.merge_codes(ports(), codes, product, by=me().login, regions=all_regions())
    merged = ", ".join(dict.fromkeys(one.code for one in codes))
    _follow(_("{codes} now names the product {product}, in past sales too.", codes=merged, product=product))
    return redirect(url_for("catalogue.new_codes"), 303)


@allow(Action.MANAGE_STOCK)
def undo_decision() -> ResponseReturnValue:
    key = (request.form.get("region", ""), request.form.get("code", ""))
    decision = new_codes.get_decision(ports(), *key, _kind(request.form))
    _check_editor([decision])
    try:
        new_codes.undo_decision(ports(), decision, by=me().login, regions=all_regions())
    except new_codes.ChangedSince as error:
        flash(str(error), "ask")
    else:
        _follow(_("{code} is a new code again.", code=decision.code))
    return redirect(address_of(decision.kind, state=DECIDED), 303)


def undecided_codes() -> Evidence:
    """The codes of the visible sales that the catalogue lacks and about which there is no decision."""
    rows = ask("unknown-codes", Filters(), kind="all", limit=MAX_CODES).to_pylist()
    decided = {(one.kind, one.region, one.code) for one in new_codes.decided_codes(ports())}
    open_rows = (row | {"kind": EntryKind(row["kind"])} for row in rows)
    return {
        new_codes.code_id(*key): row
        for row in open_rows
        if (key := (row["kind"], row["region"], row["code"])) not in decided
    }


def visible_decisions() -> list[DecidedCode]:
    """The decisions about codes of the regions and stores of the viewer."""
    return [
        one
        for one in new_codes.decided_codes(ports())
        if scope().covers_region(one.region) and entry_lists.entry_in_scope(scope(), new_codes.draft_entry(one))
    ]


def address_of(kind: EntryKind, state: str = "") -> str:
    """The page of the codes of a kind; that of products is the first one."""
    named = None if kind is EntryKind.PRODUCT else kind.value
    return url_for("catalogue.new_codes", kind=named, state=state or None)


def evidence_of(ids: Iterable[str]) -> list[NewCode]:
    """The evidence for codes of the list. Raises `Rejected` if another person has decided about all of them."""
    rows = undecided_codes()
    codes = [_new_code(rows[one]) for one in ids if one in rows]
    if not codes:
        raise Rejected(_("These codes are no longer new: the catalogue has them, or somebody decided about them."))
    return codes


def _new_code(row: dict[str, Any]) -> NewCode:
    names = (row["region"], row["code"], row["name"] or "", row["category"] or "")
    stores = tuple(row["store_ids"].split(";")) if row["store_ids"] else ()
    return NewCode(*names, row["usual_price"], row["currency"] or "", row["first_sale_date"], row["kind"], stores)


def _kind(values: Mapping[str, str]) -> EntryKind:
    """The kind in an address or form; without one, products. Raises `NotFound`."""
    name = values.get("kind") or EntryKind.PRODUCT.value
    if name not in CODE_KINDS:
        raise NotFound(no_tab(name))
    return EntryKind(name)


def _kind_links(unknown: Evidence) -> list[tuple[str, str]]:
    """Address and label of the codes of each kind, with their number."""
    numbers = Counter(row["kind"] for row in unknown.values())
    return [
        (address_of(kind), f"{words} ({numbers[kind]:,})" if numbers[kind] else words)
        for kind, words in CODE_KINDS.items()
    ]


def _products(codes: list[NewCode]) -> list[NewCode]:
    """Only codes of products can be merged. Raises `NotFound`."""
    if any(one.kind is not EntryKind.PRODUCT for one in codes):
        raise NotFound(no_tab("merge"))
    return codes


def _accepted(codes: Sequence[NewCode]) -> list[NewCode]:
    """Accept each code once, a product with the prices of all its regions; those that are not accepted are named."""
    done: list[NewCode] = []
    of_entry: dict[tuple[str, ...], list[NewCode]] = {}
    for one in codes:
        of_entry.setdefault(new_codes.draft_entry(one).key, []).append(one)
    for same in of_entry.values():
        try:
            new_codes.accept_code(ports(), same, by=me().login, regions=all_regions())
            done += same
        except Rejected as error:
            flash(_("{code} is not accepted. {reason}", code=same[0].code, reason=str(error)), "ask")
    return done


def _follow(message: str) -> None:
    written = warehouse_mirror.follow_change(ports())
    tillstream().queries.clear()
    if message:
        flash(message if written else MIRROR_LATE, "done")


def _may_decide(row: Any) -> bool:
    """Whether the viewer may edit the entry that the code proposes: products concern the whole company."""
    code = row if isinstance(row, NewCode | DecidedCode) else _new_code(row)
    return may_edit(scope(), new_codes.draft_entry(code))


def _check_editor(codes: Iterable[NewCode | DecidedCode]) -> None:
    if not all(_may_decide(one) for one in codes):
        abort(403)


def _entry_address(one: DecidedCode) -> str:
    entry = Product(one.product) if one.kind is EntryKind.PRODUCT else new_codes.draft_entry(one)
    return entry_address(TAB_OF[one.kind], entry)


def _sorted(rows: Iterable[dict[str, Any]], query: list_view.ListQuery) -> list[dict[str, Any]]:
    key: Callable[[dict[str, Any]], Any] = lambda row: row[SORTS[query.column]] or ""  # noqa: E731 - typed
    return sorted(rows, key=key, reverse=query.down)


def _value(row: Any, name: str) -> str:
    return str(getattr(row, name) if isinstance(row, DecidedCode) else row[name])


def _text(row: Any) -> str:
    names = (
        ("region", "code", "product", "by") if isinstance(row, DecidedCode) else ("region", "code", "name", "stores")
    )
    return " ".join(_value(row, name) for name in names)


def _code_columns(kind: EntryKind) -> list[dict[str, object]]:
    """Columns of the list of new codes of a kind."""
    stores: list[dict[str, object]] = [] if kind is EntryKind.STORE else [{"key": "stores", "label": _("Stores")}]
    return [
        {"key": "name", "label": _("Code"), "sort": True},
        {"key": "region", "label": _("Region")},
        *CODE_EVIDENCE[kind],
        {"key": "lines", "label": _("Sale lines"), "num": True, "sort": True},
        {"key": "first", "label": _("First sale"), "sort": True},
        {"key": "last", "label": _("Last sale"), "sort": True},
        *stores,
        {"key": "actions", "label": _("Actions")},
    ]


def _decided(answer: str, codes: list[str]) -> str:
    if answer == "accept":
        return ngettext(
            "{code} is accepted: the catalogue has it now.",
            "{number:,} codes are accepted: the catalogue has them now.",
            len(codes),
            code=codes[0],
        )
    return ngettext("{code} is ignored.", "{number:,} codes are ignored.", len(codes), code=codes[0])
