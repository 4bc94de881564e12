"""Every address that changes something leaves an entry in the audit log, or says here why it need not."""

import io
import json
import re
from collections.abc import Callable

import pytest
import shop_steps
from connectors.connector_acts import CONNECTORS
from correction_steps import AMOUNT, Fixer
from flask import Flask
from order_steps.acts import ORDERS
from own_dashboards.dashboard_acts import DASHBOARDS
from shop_steps import FILE, OWN, Shop, accepted, discarded, token, unsigned_again, webhook
from stock_acts import STOCK
from sync.sync_acts import SYNC
from upload_steps import ANSWERS, LOST, UNKNOWN, begin, look_at, send
from visitor import PASSWORD

from tillstream.explore import annotations
from tillstream.model import messages
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role
from tillstream.people import invitation_links, store_credentials, two_factor
from tillstream.records import losses
from tillstream.records.losses import Loss, LossKind
from tillstream.review import day_closes

EXPECTED, DAILY = "/expected-deliveries/IN", {"cadence": "daily", "deadline": "12:00"}
NOTHING = "/completeness/IN/2026-06-03/nothing-sold", {"source": "IN"}
DIRECT = "/data-sources/IN/preview"
NO_CHANGE = {
    "api.sales": "a till's sale: its message is kept whole",
    "api.sync": "a home's journal: what it did is told in the home",
    "api.cancel_sending": "what had not arrived whole was no upload yet",
    "catalogue.preview": "shows what a file would change",
    "stock_files.preview": "shows what a file would record",
    "completeness.preview": "shows what a change would do; what is saved is told",
    "corrections.count": "counts",
    **dict.fromkeys(("corrections.redo", "corrections.take", "corrections.undo"), "steps of a draft; sending is told"),
    "quality.run_checks": "checks; nothing is changed",
    "sql_page.cancel": "stops a query that reads",
    "sql_page.run_statement": "reads; the statement is in the history of the person",
    "stock.remove_line": "a step of a count; what is confirmed is told",
    "stock.scan": "a step of a count; what is confirmed is told",
    "theme.choose": "colours, kept in the browser",
    "webhooks.test": "sends one event that changes nothing",
    "uploads.submit_for_preview": "looks; nothing is loaded",
    "uploads.answer": "an answer to a question; the contract that is saved from it is told",
    "uploads.answer_held": "an answer to a question; the contract that is saved from it is told",
    "uploads.forget_all": "what was only looked at was no upload yet",
    "uploads.forget": "what was only looked at was no upload yet",
}


def _sent(shop: Shop) -> None:
    send(shop.boss, begin(shop.boss, len(FILE)), 0, FILE)


def _fix_in_the_grid(shop: Shop) -> None:
    fixer = Fixer(shop.boss, shop.upload())
    fixer.get("rows")
    assert fixer.step("set", cells=[[9, 13, "10.00"], [9, AMOUNT, "10.00"]])["status"] == 200
    assert fixer.post("send")["status"] < 300


def _saved_contract(shop: Shop) -> None:
    place = look_at(shop.boss, UNKNOWN, "bons.csv")
    shop.boss.post(f"{place}/answers", ANSWERS)
    answer = shop.boss.post(f"{place}/save", {"name": "graz", "contract.name": "graz"})
    assert answer.status_code < 400, answer.text


def _answered_while_held(shop: Shop) -> None:
    batch = shop.upload(LOST)
    shop.boss.post(f"/uploads/{batch}/questions", {"answer.status.Lost": "cancelled"})
    assert shop.boss.post(f"/uploads/{batch}/questions/save").status_code == 303


def _entry(shop: Shop) -> None:
    shop.boss.post("/catalogue/products/save", {"code": "KET", "name": "Kettle", "version": "0"})


def _new_code(shop: Shop) -> None:
    shop.upload()
    _entry(shop)


def _merged_code(shop: Shop) -> None:
    _new_code(shop)
    shop.boss.post("/catalogue/new-codes/merge", {"codes": "IN:P1", "product": "KET"})


def _undone_code(shop: Shop) -> None:
    _new_code(shop)
    shop.boss.post("/catalogue/new-codes", {"answer": "ignore IN:P1"})
    shop.boss.post("/catalogue/new-codes/undo", {"region": "IN", "code": "P1"})


def _catalogue_import(shop: Shop) -> None:
    file = (io.BytesIO(b"code,name\nKET,Kettle\n"), "products.csv")
    page = shop.boss.post(
        "/catalogue/products/import", {"kind": "products", "file": file}, content_type="multipart/form-data"
    )
    form = page.text.partition("/import/apply")[2].partition("</form>")[0]
    hidden = dict(re.findall(r'name="(kind|preview|name|revision)" value="([^"]*)"', form))
    assert shop.boss.post("/catalogue/products/import/apply", hidden).status_code == 303


def _annotation(shop: Shop) -> str:
    shop.boss.post("/annotations", {"day": "2026-06-01", "text": "Strike"})
    return annotations.annotations_between(shop.app.ports, UNRESTRICTED)[0].id


def _key(shop: Shop) -> str:
    return store_credentials.issue_store_key(shop.app.ports, "IN", "MUM01", "front", "boss")[0].id


def _day_close(shop: Shop) -> str:
    message = messages.day_close_schema()["examples"][0] | {"region": "IN", "store_id": "MUM01"}
    day_closes.record_day_close(shop.app.ports, json.dumps(message))
    return day_closes.day_close_id(message)


def _entered_sale(shop: Shop) -> None:
    sale = {"schema": "store-sale/1", "region": "IN", "store_id": "MUM01", "number": "W-A-1", "source": "form"}
    sale |= {"sold_at": "2026-07-01T09:00:00+00:00", "currency": "INR"}
    line = {"line": "1", "quantity": "1", "unit_price": "1"}
    body, headers = {"sales": [sale | {"lines": [line]}]}, {"X-CSRFToken": shop.boss.token()}
    answer = shop.boss.client.post("/sell/sales", json=body, headers=headers)
    assert answer.get_json()["results"][0]["status"] == "accepted"


def _with_loss(s: Shop) -> object:
    (record,) = losses.report_losses(
        s.app.ports, Loss(LossKind.STORE_SALES, "UK/S1", "Sales are lost.", "Send them again.")
    )
    return s.boss.post(f"/status/losses/{record.id}", {"decision": "accepted", "reason": "A test till."})


def _with_code(shop: Shop) -> None:
    key, visitor = shop.set_up("asha"), shop.anonymous()
    visitor.sign_in("asha")
    visitor.post("/sign-in/code", {"code": shop.code(key)})


def _preview(shop: Shop) -> None:
    place = look_at(shop.boss, FILE)
    shop.boss.post(f"{place}/load", {"contract": "IN"})


def _requested_region(shop: Shop) -> None:
    clerk = shop.anonymous()
    clerk.sign_in("asha")
    place = look_at(clerk, UNKNOWN, "bons.csv")
    assert clerk.post(f"{place}/request-region", {"region": "Norway"}).status_code == 303


def _recognised(shop: Shop) -> None:
    shop.boss.post(DIRECT, {"without_preview": "yes"})
    shop.boss.post(f"{look_at(shop.boss, FILE)}/recognise")


ACTS: dict[str, tuple[str, Callable[[Shop], object]]] = {
    **(shop_steps.PLANNING | ORDERS | STOCK | CONNECTORS | SYNC | DASHBOARDS | shop_steps.ALERTS),
    "health.decide": ("loss.resolved", _with_loss),
    "forecast.request_run": ("forecast.requested", lambda s: s.boss.post("/forecast")),
    "sign_in.enter": ("session.begun", lambda s: s.anonymous().sign_in("asha")),
    "sign_in.check_code": ("session.begun", _with_code),
    "sign_in.take": (
        "user.joined",
        lambda s: s.anonymous().post(
            f"/join/{invitation_links.invite_with_link(s.app.ports, 'ravi', 'R', Role.ADMIN, by='boss')}",
            {"new": OWN, "again": OWN},
        ),
    ),
    "sign_in.change_password": (
        "user.password-changed",
        lambda s: s.boss.post("/password", {"old": PASSWORD, "new": OWN, "again": OWN}),
    ),
    "sign_in.leave": ("session.ended", lambda s: s.boss.post("/sign-out")),
    "profile.save": (
        "user.profile-changed",
        lambda s: s.boss.post("/profile", {"name": "B"}),
    ),
    "profile.finish_second_step": (
        "user.second-step-on",
        lambda s: s.boss.post(
            "/profile/second-step", {"code": s.code(two_factor.start_totp_setup(s.app.ports, "boss"))}
        ),
    ),
    "profile.new_codes": (
        "user.recovery-codes-made",
        lambda s: s.boss.post("/profile/second-step/codes", {"code": s.code(s.set_up("boss"))}),
    ),
    "profile.take_off": (
        "user.second-step-off",
        lambda s: s.boss.post("/profile/second-step/off", {"code": s.code(s.set_up("boss"))}),
    ),
    "profile.end_session": ("session.ended", lambda s: s.boss.post(f"/profile/sessions/{s.session('boss')}/end")),
    "profile.end_others": ("session.ended", lambda s: (s.session("boss"), s.boss.post("/profile/sessions/end-others"))),
    "admin.invite": (
        "user.invited",
        lambda s: s.boss.post("/people", {"login": "ravi", "name": "R", "role": "clerk", "regions": "IN"}),
    ),
    "admin.change_person": (
        "user.changed",
        lambda s: s.boss.post("/people/asha", {"name": "A", "role": "manager", "regions": "IN"}),
    ),
    "admin.disable": ("user.disabled", lambda s: s.boss.post("/people/asha/disable")),
    "admin.enable": ("user.enabled", lambda s: s.boss.post("/people/asha/enable")),
    "admin.reset": ("user.password-reset", lambda s: s.boss.post("/people/asha/reset")),
    "admin.second_step_off": (
        "user.second-step-off",
        lambda s: (s.set_up("asha"), s.boss.post("/people/asha/second-step-off")),
    ),
    "admin.end_session": ("session.ended", lambda s: s.boss.post(f"/people/asha/sessions/{s.session('asha')}/end")),
    "admin.end_sessions": ("session.ended", lambda s: s.boss.post("/people/asha/end-sessions")),
    "webhooks.add": ("webhook.added", lambda s: s.boss.post("/webhooks", {"url": "https://example.com/x"})),
    "webhooks.change": (
        "webhook.changed",
        lambda s: s.boss.post(f"/webhooks/{webhook(s)}/change", {"url": "https://example.com/y"}),
    ),
    "webhooks.pause": ("webhook.changed", lambda s: s.boss.post(f"/webhooks/{webhook(s)}/pause")),
    "webhooks.resume": ("webhook.changed", lambda s: s.boss.post(f"/webhooks/{webhook(s, '410')}/resume")),
    "webhooks.new_secret": ("webhook.secret-changed", lambda s: s.boss.post(f"/webhooks/{webhook(s)}/new-secret")),
    "webhooks.resend": ("message.resent", lambda s: s.boss.post(f"/webhooks/{webhook(s)}/resend")),
    "webhooks.remove": ("webhook.removed", lambda s: s.boss.post(f"/webhooks/{webhook(s)}/remove")),
    "completeness.save": ("setting.changed", lambda s: s.boss.post(EXPECTED, DAILY)),
    "completeness.nothing_sold": ("setting.changed", lambda s: (s.boss.post(EXPECTED, DAILY), s.boss.post(*NOTHING))),
    "completeness.reset": (
        "setting.changed",
        lambda s: (s.boss.post(EXPECTED, DAILY), s.boss.post(f"{EXPECTED}/reset")),
    ),
    "admin.save_policy": ("setting.changed", lambda s: s.boss.post("/sign-in-rules", {"roles": "analyst"})),
    "admin.add_token": ("token.issued", lambda s: s.boss.post("/stores", {"region": "IN", "store_id": "MUM01"})),
    "review.accept_close": (
        "day-close.accepted",
        lambda s: s.boss.post(f"/waiting/day-closes/{_day_close(s)}/accept", {"reason": "a test sale"}),
    ),
    "admin.connect_till": (
        "key.issued",
        lambda s: s.boss.post("/stores/connect", {"region": "IN", "store_id": "MUM01"}),
    ),
    "admin.accept_unsigned": ("key.unsigned-accepted", unsigned_again),
    "admin.rotate_key": ("key.rotated", lambda s: s.boss.post(f"/stores/keys/{_key(s)}/replace")),
    "admin.revoke_key": ("key.revoked", lambda s: s.boss.post(f"/stores/keys/{_key(s)}/revoke")),
    "admin.revoke": (
        "token.revoked",
        lambda s: s.boss.post(
            f"/stores/{store_credentials.issue_store_token(s.app.ports, 'IN', 'M', '', 'boss')[0].id}/revoke"
        ),
    ),
    "catalogue.save": ("catalogue.saved", _entry),
    "catalogue.save_amount": (
        "catalogue.saved",
        lambda s: (
            _entry(s),
            s.boss.post(
                "/catalogue/products/amounts", {"code": "KET", "list": "prices", "amount": "9", "version": "1"}
            ),
        ),
    ),
    "catalogue.decide_codes": (
        "catalogue.code-ignored",
        lambda s: (_new_code(s), s.boss.post("/catalogue/new-codes", {"answer": "ignore IN:P1"})),
    ),
    "catalogue.save_merge": ("catalogue.saved", _merged_code),
    "catalogue.undo_code": ("catalogue.code-restored", _undone_code),
    "catalogue.apply": ("catalogue.imported", _catalogue_import),
    "sell.send": ("sale.entered", _entered_sale),
    "annotations.add": ("annotation.added", _annotation),
    "annotations.delete": ("annotation.removed", lambda s: s.boss.post(f"/annotations/{_annotation(s)}/delete")),
    "tokens.make": ("token.issued", lambda s: s.boss.post("/tokens", {"name": "r", "rights": "numbers", "days": "7"})),
    "tokens.revoke": ("token.revoked", lambda s: s.boss.post(f"/tokens/{token(s, 'boss')}/revoke")),
    "tokens.revoke_any": ("token.revoked", lambda s: s.boss.post(f"/tokens/everybody/{token(s, 'asha')}/revoke")),
    "pipeline.resend": ("message.resent", lambda s: s.boss.post("/pipeline/resend", {"id": s.dead_letter()})),
    "pipeline.drive_on": ("data.refreshed", lambda s: s.boss.post("/pipeline/sweep")),
    "api.data_refresh": ("data.refreshed", lambda s: s.boss.post("/api/data-refresh")),
    "api.begin_sending": ("upload.received", _sent),
    "api.send_piece": ("upload.received", _sent),
    "uploads.submit": ("upload.received", lambda s: s.boss.upload(FILE)),
    "uploads.load": ("upload.received", _preview),
    "uploads.recognise": ("upload.received", _recognised),
    "uploads.request_region": ("upload.received", _requested_region),
    "data_sources.save": ("setting.changed", lambda s: s.boss.post(DIRECT, {"without_preview": "yes"})),
    "uploads.save": ("contract.saved", _saved_contract),
    "uploads.save_held": ("contract.saved", _answered_while_held),
    "uploads.cancel": ("upload.cancelled", lambda s: s.boss.post(f"/uploads/{s.boss.upload(FILE)}/cancel")),
    "uploads.accept": ("contract.saved", lambda s: s.boss.post(f"/uploads/{s.widened()}/accept")),
    "review.several": ("upload.confirmed", lambda s: s.boss.post("/waiting", {"answer": "import", "batch": s.held()})),
    "uploads.confirm": ("upload.confirmed", lambda s: s.boss.post(f"/uploads/{s.held()}/confirm")),
    "review.add_note": ("upload.noted", lambda s: s.boss.post(f"/waiting/{s.held()}/notes", {"note": "of May"})),
    "uploads.reject": ("upload.rejected", lambda s: s.boss.post(f"/uploads/{s.held()}/reject", {"reason": "no"})),
    "uploads.undo": ("upload.undone", lambda s: s.boss.post(f"/uploads/{s.upload()}/undo")),
    "uploads.replay": ("upload.replayed", lambda s: s.boss.post(f"/uploads/{s.upload()}/replay")),
    "uploads.fix": ("upload.fixed", lambda s: s.fixed()),
    "uploads.discard_sales": ("upload.fixed", discarded),
    "uploads.accept_sales": ("sale.unverified-accepted", accepted),
    "corrections.send": ("upload.fixed", _fix_in_the_grid),
}


def test_every_route_that_changes_data_is_covered(portal: Flask) -> None:
    changing = {
        rule.endpoint for rule in portal.url_map.iter_rules() if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
    }
    assert changing == set(ACTS) | set(NO_CHANGE)


@pytest.mark.parametrize("endpoint", ACTS)
def test_what_a_page_changes_leaves_an_entry_with_who_did_it(shop: Shop, endpoint: str) -> None:
    what, act = ACTS[endpoint]
    before = {entry.id for entry in shop.entries()}
    act(shop)
    entries = [entry for entry in shop.entries() if entry.id not in before and entry.what == what]
    assert entries, endpoint
    assert {entry.who for entry in entries} <= {"boss", "asha", "ravi"}
    assert entries[0].address == "127.0.0.1"
