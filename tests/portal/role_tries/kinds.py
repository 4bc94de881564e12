"""What each writing route changes, and therefore who may use it."""

from enum import StrEnum

from flask import Flask
from routes import ENDLESS

from portal.access import Open, access_of
from tillstream.model.permissions import Action


class Changes(StrEnum):
    """admin: things that only administrators change; the route asks for it by its permission, unless it is listed here.
    own: only things of the person, of the same role too. new: adds something that is the person's. company: what
    concerns everything. region, store: what concerns the whole region IN, or only its store MUM01. file: a file of the
    region, whose rows of other stores are quarantined when it is settled. run: starts work that changes nothing that
    people enter. anyone: signing in, and the colours of a browser. key: asks for a key of a store or a home."""

    ADMIN = "admin"
    OWN = "own"
    NEW = "new"
    COMPANY = "company"
    REGION = "region"
    STORE = "store"
    FILE = "file"
    RUN = "run"
    ANYONE = "anyone"
    KEY = "key"


CHANGES: dict[Changes, tuple[str, ...]] = {
    Changes.ADMIN: ("api.pause_connector", "api.resume_connector", "api.run_connector"),
    Changes.OWN: (
        *("own_dashboards.start", "views.start"),
        *("api.cancel_sending", "api.send_piece", "background_exports.again", "background_exports.cancel"),
        *("background_exports.remove", "own_dashboards.arrange", "own_dashboards.change_tile"),
        *("own_dashboards.remove", "own_dashboards.remove_tile", "own_dashboards.restore"),
        *("own_dashboards.restore_tile", "own_dashboards.save", "profile.end_session"),
        *("subscriptions.again", "subscriptions.change", "subscriptions.pause", "subscriptions.remove"),
        *("subscriptions.resume", "subscriptions.send", "tokens.revoke", "uploads.answer", "uploads.forget"),
        *("uploads.load", "uploads.recognise", "uploads.request_region", "uploads.save", "views.delete"),
    ),
    Changes.NEW: (
        *("background_exports.add", "catalogue.preview", "own_dashboards.create", "own_dashboards.pin"),
        *("profile.end_others", "profile.finish_second_step", "profile.new_codes", "profile.save"),
        *("profile.take_off", "reports.subscribe", "reports.unsubscribe", "sign_in.change_password"),
        *("sign_in.leave", "subscriptions.add", "tokens.make", "uploads.forget_all", "uploads.submit_for_preview"),
        *("stock_files.preview", "views.save"),
    ),
    Changes.COMPANY: (
        *("catalogue.save_amount", "uploads.discard_sales"),
        *("alerts.acknowledge", "alerts.snooze", "annotations.add", "annotations.delete", "catalogue.apply"),
        *("catalogue.decide_codes", "catalogue.save", "catalogue.save_merge", "catalogue.undo_code"),
    ),
    Changes.REGION: (
        "uploads.cancel",  # it is not read yet
        *("completeness.nothing_sold", "completeness.preview", "completeness.reset"),
        *("completeness.save", "goals.import_file", "goals.restore", "goals.save"),
    ),
    Changes.FILE: ("api.begin_sending", "uploads.submit"),
    Changes.STORE: (
        *("api.record_movements", "corrections.count", "corrections.redo", "corrections.send", "corrections.take"),
        *("corrections.undo", "orders.cancel", "orders.cancel_receipt", "orders.close", "orders.create"),
        *("orders.record_receipt", "orders.reopen", "orders.save", "orders.send", "restock.decide"),
        *("review.accept_close", "review.add_note", "review.several", "sell.send", "stock.cancel", "stock.confirm"),
        *("stock.confirm_count", "stock.discard_count", "stock.mark_return", "stock.remove_line", "stock.save"),
        *("stock.scan", "stock.start_count", "stock_files.record", "uploads.answer_held", "uploads.ask_home"),
        *("uploads.confirm", "uploads.fix", "uploads.reject"),
        *("uploads.replay", "uploads.save_held", "uploads.undo"),
    ),
    Changes.RUN: ("api.data_refresh", "restock.update", "sql_page.cancel", "sql_page.run_statement"),
    Changes.ANYONE: ("sign_in.check_code", "sign_in.enter", "sign_in.take", "theme.choose"),
    Changes.KEY: ("api.sales", "api.sync"),
}
WHAT = {endpoint: changes for changes, endpoints in CHANGES.items() for endpoint in endpoints}


def writing(flask: Flask) -> set[str]:
    """The endpoints that take another method than reading ones."""
    reading = {"GET", "HEAD", "OPTIONS"}
    return {rule.endpoint for rule in flask.url_map.iter_rules() if (rule.methods or set()) - reading} - ENDLESS


def changes_of(flask: Flask, endpoint: str) -> Changes | None:
    """What an endpoint changes; None if nothing says it."""
    if endpoint in WHAT:
        return WHAT[endpoint]
    return Changes.ADMIN if access_of(flask, endpoint) is Action.ADMINISTER else None


def wrong_kinds(flask: Flask) -> list[str]:
    """Endpoints whose place in `CHANGES` does not fit the permission that they ask for, and those without a place."""
    wrong = [f"{one} has no place in CHANGES" for one in sorted(writing(flask)) if changes_of(flask, one) is None]
    for endpoint, changes in WHAT.items():
        if endpoint not in flask.view_functions:
            wrong.append(f"{endpoint} is no route")
            continue
        access = access_of(flask, endpoint)
        if access is Action.ADMINISTER:
            wrong.append(f"{endpoint} is for administrators and has no place in CHANGES")
        is_open = access in {Open.EVERYBODY, Open.STORE_TOKEN, Open.HOME_KEY}
        if is_open != (changes in {Changes.ANYONE, Changes.KEY}):
            wrong.append(f"{endpoint} asks for {access} and cannot be {changes}")
        if access is Open.SIGNED_IN and changes not in {Changes.OWN, Changes.NEW}:
            wrong.append(f"{endpoint} is open for all who are signed in, and cannot be {changes}")
    return wrong
