"""Requests that need no entry in the audit log, in a form that is valid for the administrator of a shop."""

from collections.abc import Callable

from correction_steps import AMOUNT, Fixer
from shop_steps import FILE, Shop, webhook
from stock_acts import preview_of_stock, receive
from upload_steps import ANSWERS, LOST, UNKNOWN, begin, call, look_at, send

from tillstream.model.messages import store_sale_schema
from tillstream.people import store_credentials

ENTRY = {"region": "IN", "code": "KET", "name": "Kettle"}
EXPECTED = {"cadence": "daily", "deadline": "12:00"}


def _fixing(shop: Shop) -> Fixer:
    fixer = Fixer(shop.boss, shop.upload())
    fixer.get("rows")
    fixer.step("set", cells=[[9, AMOUNT, "10.00"]])
    return fixer


def _redone(shop: Shop) -> None:
    fixer = _fixing(shop)
    fixer.post("undo")
    fixer.post("redo")


def _counting(shop: Shop, act: str) -> None:
    receive(shop)
    shop.boss.post("/stock/counts/new", {"store": "IN/MUM01", "count": "c1", "part": "list"})
    shop.boss.post("/stock/counts/c1/scan", {"product": "P1", "quantity": "3"})
    if act == "remove":
        shop.boss.post("/stock/counts/c1/remove", {"product": "P1"})


def _sale(shop: Shop) -> None:
    sale = store_sale_schema()["examples"][0]
    key = store_credentials.issue_store_token(shop.app.ports, sale["region"], sale["store_id"], "front", "boss")[1]
    headers = {"Authorization": f"Bearer {key}"}
    assert shop.anonymous().client.post("/api/sales", json=sale, headers=headers).status_code == 202


def _held_answers(shop: Shop) -> None:
    shop.boss.post(f"/uploads/{shop.upload(LOST)}/questions", {"answer.status.Lost": "cancelled"})


def _catalogue_file(shop: Shop) -> None:
    from io import BytesIO

    file = (BytesIO(b"code,name\nKET,Kettle\n"), "products.csv")
    form = {"kind": "products", "file": file}
    shop.boss.post("/catalogue/products/import", form, content_type="multipart/form-data")


MORE: dict[str, Callable[[Shop], object]] = {
    "api.sales": _sale,
    "api.cancel_sending": lambda s: call(s.boss, "DELETE", begin(s.boss, len(FILE))),
    "api.send_piece": lambda s: send(s.boss, begin(s.boss, len(FILE)), 0, FILE),
    "catalogue.preview": _catalogue_file,
    "stock_files.preview": lambda s: (s.upload(), preview_of_stock(s.boss, b"MUM01,P1,5\n")),
    "completeness.preview": lambda s: s.boss.post("/expected-deliveries/IN/preview", EXPECTED),
    "corrections.count": lambda s: _fixing(s).post("count", step={"do": "accept", "rows": [9]}),
    "corrections.take": _fixing,
    "corrections.undo": lambda s: _fixing(s).post("undo"),
    "corrections.redo": _redone,
    "quality.run_checks": lambda s: s.boss.post("/quality"),
    "sql_page.run_statement": lambda s: s.boss.post("/sql", {"sql": "SELECT 1 AS one"}),
    "sql_page.cancel": lambda s: s.boss.post("/sql/cancel"),
    "stock.scan": lambda s: _counting(s, "scan"),
    "stock.remove_line": lambda s: _counting(s, "remove"),
    "theme.choose": lambda s: s.boss.post("/theme", {"theme": "dark"}),
    "webhooks.test": lambda s: s.boss.post(f"/webhooks/{webhook(s)}/test"),
    "uploads.submit_for_preview": lambda s: look_at(s.boss, FILE),
    "uploads.answer": lambda s: s.boss.post(f"{look_at(s.boss, UNKNOWN, 'bons.csv')}/answers", ANSWERS),
    "uploads.answer_held": _held_answers,
    "uploads.forget": lambda s: s.boss.post(f"{look_at(s.boss, FILE)}/forget"),
    "uploads.forget_all": lambda s: (look_at(s.boss, FILE), s.boss.post("/uploads/look/forget")),
}
"""Endpoint → the act of the administrator."""
