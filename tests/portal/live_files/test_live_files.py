"""Live files: the current rows at a stable address, for tools that send a token as a password or in the address."""

import base64
import csv
import io
import json
import re
from decimal import Decimal
from typing import Any

import pyarrow.parquet
import pytest
from flask import Flask
from flask.testing import FlaskClient
from visitor import Visitor, Work, indian_file, indian_sale
from werkzeug.test import TestResponse

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Role
from tillstream.people import accounts, personal_tokens

SHARED = True
PATH = "/files/sales-by-region.csv"


def sell(visitor: Visitor, work: Work) -> None:
    visitor.upload(indian_file(indian_sale("1"), indian_sale("2", "250.00", date="10-05-2026 10:00", customer="C2")))
    work()


def token(app: App, login: str, *rights: str, files_only: bool = True) -> str:
    return personal_tokens.issue_personal_token(
        app.ports, login, "sheet", rights or ("numbers",), files_only=files_only, by="test"
    )[1]  # fmt: skip


@pytest.fixture
def tool(portal: Flask) -> FlaskClient:
    """A program without cookies."""
    return portal.test_client()


@pytest.fixture
def login(app: App, sold: Visitor) -> str:
    return "admin-all"


def rows(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def basic(text: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'any:{text}'.encode()).decode()}"}


def test_a_token_for_files_reads_them_by_each_way(app: App, login: str, tool: FlaskClient) -> None:
    text = token(app, login)
    in_address = rows(tool.get(f"{PATH}?token={text}"))
    assert [(row["region"], Decimal(row["revenue"])) for row in in_address] == [("IN", Decimal(350))]
    assert rows(tool.get(PATH, headers=basic(text))) == in_address
    assert rows(tool.get(PATH, headers={"Authorization": f"Bearer {text}"})) == in_address
    (listed,) = [one for one in personal_tokens.find_personal_tokens(app.ports, login) if one.id == text.split("_")[1]]
    assert (listed.last_used, listed.files_only) == ("2026-07-01", True)


def test_a_token_for_files_is_valid_for_nothing_else(app: App, login: str, tool: FlaskClient) -> None:
    text = token(app, login)
    answer = tool.get("/api/v1/kpis", headers={"Authorization": f"Bearer {text}"})
    assert (answer.status_code, answer.get_json()["type"]) == (403, "/help/problems/token-not-accepted")
    assert tool.get(f"/api/v1/kpis?token={text}").status_code == 401
    assert tool.get(f"/dashboard?token={text}").status_code == 303
    assert tool.get(f"/files?token={text}").status_code == 303


def test_another_token_must_not_be_part_of_an_address(app: App, login: str, tool: FlaskClient) -> None:
    text = token(app, login, files_only=False)
    answer = tool.get(f"{PATH}?token={text}")
    assert (answer.status_code, answer.get_json()["type"]) == (403, "/help/problems/token-not-accepted")
    assert text not in answer.text
    assert len(rows(tool.get(PATH, headers=basic(text)))) == 1


def test_a_token_for_files_cannot_change_anything(app: App, login: str) -> None:
    with pytest.raises(Rejected, match="only reads"):
        token(app, login, "numbers", "upload")


def test_a_wrong_or_revoked_token_is_refused_with_a_prompt_for_a_password(
    app: App, login: str, tool: FlaskClient
) -> None:
    text = token(app, login)
    personal_tokens.revoke_personal_token(app.ports, text.split("_")[1], by="test")
    for answer in (tool.get(PATH), tool.get(f"{PATH}?token={text}"), tool.get(f"{PATH}?token=x")):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="Tillstream"'
        assert answer.mimetype == "application/problem+json"


def test_the_rows_are_those_of_the_scope_and_the_filters(app: App, login: str, tool: FlaskClient) -> None:
    accounts.add_account(app.ports, "uma", "Uma", Role.ANALYST, regions=("UK",))
    text = token(app, "uma")
    assert rows(tool.get(f"{PATH}?token={text}")) == []
    assert tool.get(f"/files/top-customers.csv?token={text}").status_code == 403
    mine = token(app, login)
    may = rows(tool.get(f"{PATH}?token={mine}&from=2026-05-01&to=2026-05-31"))
    assert [row["revenue"] for row in may] == ["250"]
    assert rows(tool.get(f"{PATH}?token={mine}&preset=last-month"))[0]["revenue"] == "100"
    assert rows(tool.get(f"{PATH}?token={mine}&preset=all"))[0]["revenue"] == "350"


@pytest.mark.parametrize("query", ["preset=never", "colour=red", "from=soon", "region=Nowhere"])
def test_wrong_arguments_are_refused(app: App, login: str, tool: FlaskClient, query: str) -> None:
    answer = tool.get(f"{PATH}?{query}", headers=basic(token(app, login)))
    assert answer.status_code in {400, 422}
    assert answer.mimetype == "application/problem+json"


def test_unknown_files_and_formats_are_refused(app: App, login: str, tool: FlaskClient) -> None:
    headers = basic(token(app, login))
    assert tool.get("/files/nothing.csv", headers=headers).status_code == 404
    assert tool.get("/files/kpis.doc", headers=headers).status_code == 422


def test_measures_sale_lines_and_each_format(app: App, login: str, tool: FlaskClient) -> None:
    headers = basic(token(app, login))
    by_month = rows(tool.get("/files/measures.csv?measures=revenue,orders&by=month", headers=headers))
    assert [(row["month"], row["revenue"], row["orders"]) for row in by_month] == [
        ("2026-05-01", "250", "1"), ("2026-06-01", "100", "1"),
    ]  # fmt: skip
    assert len(rows(tool.get("/files/sale-lines.csv", headers=headers))) == 2
    parquet = tool.get("/files/sale-lines.parquet", headers=headers, buffered=True).data
    assert pyarrow.parquet.read_table(io.BytesIO(parquet)).num_rows == 2
    (line,) = tool.get("/files/kpis.jsonl", headers=headers, buffered=True).text.splitlines()
    assert json.loads(line)["lines"] == 2
    assert tool.get("/files/measures.csv", headers=headers).status_code == 422


def test_the_answer_is_304_until_rows_or_days_change(
    app: App, login: str, clock: ManualClock, tool: FlaskClient
) -> None:
    headers = basic(token(app, login))
    path = f"{PATH}?preset=yesterday"
    tag = tool.get(path, headers=headers).headers["ETag"]
    assert tool.get(path, headers=headers | {"If-None-Match": tag}).status_code == 304
    assert tool.get(f"{PATH}?preset=last-week", headers=headers | {"If-None-Match": tag}).status_code == 200


@pytest.mark.own_home
def test_a_preset_moves_with_the_days_also_for_an_etag(
    app: App, login: str, clock: ManualClock, tool: FlaskClient
) -> None:
    headers = basic(token(app, login))
    path = f"{PATH}?preset=yesterday"
    tag = tool.get(path, headers=headers).headers["ETag"]
    clock.advance(86_400)
    assert tool.get(path, headers=headers | {"If-None-Match": tag}).status_code == 200


def test_requests_count_towards_the_limit_of_the_token(app: App, login: str, tool: FlaskClient) -> None:
    headers = basic(token(app, login))
    left = [int(tool.get(PATH, headers=headers).headers["X-RateLimit-Remaining"]) for _ in range(2)]
    assert left[1] == left[0] - 1


def test_the_page_shows_the_address_without_a_secret(sold: Visitor) -> None:
    page = sold.get("/files?name=sales-by-region&preset=last-month").text
    assert "/files/sales-by-region.csv?preset=last-month&amp;token=TOKEN" in page
    assert "tsp_" not in page
    assert sold.get("/files?name=nothing").status_code == 404


def test_the_power_bi_file_has_the_address(sold: Visitor) -> None:
    answer = sold.get("/files/sales-by-region.pbids?preset=last-month")
    connection: dict[str, Any] = answer.get_json()
    assert connection == {
        "version": "0.1",
        "connections": [
            {
                "details": {
                    "protocol": "http",
                    "address": {"url": "http://localhost/files/sales-by-region.csv?preset=last-month"},
                },
                "options": {},
                "mode": "Import",
            }
        ],
    }
    assert "sales-by-region.pbids" in answer.headers["Content-Disposition"]


def test_explore_leads_to_the_live_file_of_the_same_rows(sold: Visitor) -> None:
    page = sold.get("/explore?measure=revenue&measure=orders&by=month&across=region&preset=all").text
    (link,) = re.findall(r'href="(/files\?[^"]+)"', page)
    shown = sold.get(link.replace("&amp;", "&")).text
    (address,) = re.findall(r'href="http://localhost(/files/measures\.csv[^"]*)"', shown)
    listed = rows(sold.get(address.replace("&amp;", "&")))
    assert [(row["month"], row["region"], row["revenue"]) for row in listed] == [
        ("2026-05-01", "IN", "250"), ("2026-06-01", "IN", "100"),
    ]  # fmt: skip


def test_a_token_for_files_is_created_on_the_page(sold: Visitor) -> None:
    assert re.search(r'name="files_only" value="yes" checked', sold.get("/tokens?files=yes").text)
    answer = sold.post("/tokens", {"name": "sheet", "rights": ["numbers"], "days": "90", "files_only": "yes"})
    match = re.search(r'id="secret">([^<]+)<', answer.text)
    assert match
    assert len(rows(sold.client.application.test_client().get(f"{PATH}?token={match[1]}"))) == 1
    assert "live files only" in sold.get("/tokens").text
