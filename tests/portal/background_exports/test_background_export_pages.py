"""Long exports: a button starts them, the list shows how far they are, and only their person gets the file."""

import csv
import io
import re
from dataclasses import replace

import pytest
from faults.objects.damaged_objects import flip_staged
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.app.outgoing_deliveries import subscribed_tables_source
from tillstream.delivery import background_run
from tillstream.delivery.background_exports import EXPORTS_FOLDER
from tillstream.delivery.export_formats import FORMATS
from tillstream.model.permissions import Role
from tillstream.people import accounts

SALES = 5
LINES = "/sale-lines?from=2026-06-01&to=2026-06-30"


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(*(indian_sale(str(number), date="03-06-2026 10:00") for number in range(SALES))))
    work()


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix, rows in (("xlsx", 1), ("csv", 2)):
        monkeypatch.setitem(FORMATS, suffix, replace(FORMATS[suffix], rows_at_once=rows))


def _form(page: str, suffix: str) -> dict[str, str]:
    forms = re.findall(r'<form method="post" action="/exports">(.*?)</form>', page, re.DOTALL)
    form = next(one for one in forms if f'value="{suffix}"' in one)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    return {name: text.replace("&amp;", "&") for name, text in fields.items() if name != "csrf_token"}


def _start(visitor: Visitor, suffix: str = "csv") -> str:
    answer = visitor.post("/exports", _form(visitor.get(LINES).text, suffix))
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sale-lines?from=2026-06-01")
    return re.findall(r"/exports/([0-9a-f]{32})/cancel", visitor.get("/exports").text)[0]


def test_long_formats_are_buttons_and_short_ones_links(sold: Visitor) -> None:
    page = sold.get(LINES).text
    assert _form(page, "xlsx")["rows"] == str(SALES)
    assert re.search(r'href="/sale-lines/export\?[^"]*format=parquet" download', page)
    assert "in the background" not in sold.get(f"{LINES}&q=MUM01/3").text


def test_an_export_is_started_listed_written_and_downloaded(sold: Visitor, app: App) -> None:
    export_id = _start(sold)
    listed = sold.get("/exports").text
    assert 'data-poll="2"' in listed
    assert "1 Jun 2026 to 30 Jun 2026" in listed
    assert "Waiting" in sold.get(LINES).text.partition('id="last-exports"')[2]
    assert sold.get(f"/exports/{export_id}/file").status_code == 404
    assert background_run.run_due_exports(subscribed_tables_source(app)) == []
    assert f"/exports/{export_id}/file" in sold.get(LINES).text
    page = sold.get("/exports").text
    assert f"Done: {SALES} rows" in " ".join(page.split())
    assert "data-poll" not in page.partition('id="exports"')[2].partition("</main>")[0]
    answer = sold.get(f"/exports/{export_id}/file")
    assert answer.content_length == len(answer.data)
    assert "filename=sale-lines-2026-07-01.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert rows == list(
        csv.DictReader(io.StringIO(sold.get(LINES.replace("?", "/export?")).data.decode("utf-8-sig"), newline=""))
    )
    assert len(rows) == SALES
    flip_staged(app, EXPORTS_FOLDER)
    assert "The file was damaged." in sold.get(f"/exports/{export_id}/file").text


def test_it_is_cancelled_tried_again_and_removed(sold: Visitor, app: App) -> None:
    export_id = _start(sold, "xlsx")
    sold.post(f"/exports/{export_id}/cancel")
    assert background_run.run_due_exports(subscribed_tables_source(app)) == []
    assert "Cancelled" in sold.get("/exports").text
    sold.post(f"/exports/{export_id}/again")
    assert background_run.run_due_exports(subscribed_tables_source(app)) == []
    assert "Done" in sold.get("/exports").text
    sold.post(f"/exports/{export_id}/remove")
    assert "No exports yet" in sold.get("/exports").text
    assert sold.get(f"/exports/{export_id}/file").status_code == 404


def test_only_its_person_reads_it_and_only_in_the_scope_of_the_file(sold: Visitor, app: App, person: People) -> None:
    manager = person(Role.MANAGER, "IN", login="mira")
    export_id = _start(manager)
    assert background_run.run_due_exports(subscribed_tables_source(app)) == []
    assert sold.get(f"/exports/{export_id}/file").status_code == 404
    for path in ("cancel", "again", "remove"):
        assert sold.post(f"/exports/{export_id}/{path}").status_code == 404
    assert manager.get(f"/exports/{export_id}/file").status_code == 200
    accounts.assign_account(app.ports, "mira", stores=("DEL01",), by="boss")
    answer = manager.get(f"/exports/{export_id}/file")
    assert answer.status_code == 422
    assert "What you may see has changed" in answer.text


def test_other_pages_have_no_table(sold: Visitor) -> None:
    form = {"address": "/catalogue", "format": "csv", "rows": "1"}
    assert sold.post("/exports", form).status_code == 422
