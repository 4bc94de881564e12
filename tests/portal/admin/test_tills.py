"""Tills of stores: a setup code that is shown once connects one; keys are replaced and revoked."""

import base64
import html
import json
import re
from typing import Any

import pytest
from visitor import People

from tillstream.app import App
from tillstream.intake.store_sales import UnsignedSale, publish_unsigned_sale
from tillstream.model.messages import store_sale_schema
from tillstream.model.permissions import Role
from tillstream.people import signatures, store_credentials
from tillstream.server.worker import Worker

LINE = {"line": "1", "product_id": "P-1", "net_amount": "10"}


def setup(text: str) -> dict[str, Any]:
    """The content of the setup code on a page."""
    match = re.search(r'id="secret">tillsetup_([A-Za-z0-9_-]+)<', text)
    assert match
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)))
    return content


def test_a_setup_code_has_all_that_a_till_needs_and_is_shown_once(app: App, person: People) -> None:
    admin = person(Role.ADMIN)
    answer = admin.post("/stores/connect", {"region": "IN", "store_id": "MUM01", "label": "front"})
    assert answer.status_code == 201
    code = setup(answer.text)
    assert {name: code[name] for name in ("url", "region", "store_id", "till")} == {
        "url": "http://localhost",
        "region": "IN",
        "store_id": "MUM01",
        "till": "front",
    }
    token = store_credentials.check_store_token(app.ports, code["token"])
    assert token is not None
    assert token.store_id == "MUM01"
    (key,) = store_credentials.keys_of_store(app.ports, "IN", "MUM01").keys
    assert key.id == code["key"]
    assert signatures.is_valid_signature(key.public_key, b"sale", signatures.sign_payload(code["private_key"], b"sale"))
    page = admin.get("/stores").text
    assert key.id in page
    assert code["private_key"] not in page
    assert code["token"] not in page


def test_a_replaced_key_gets_a_new_setup_code_and_the_old_one_is_revoked_by_itself(app: App, person: People) -> None:
    admin = person(Role.ADMIN)
    old = store_credentials.issue_store_key(app.ports, "IN", "MUM01", "front", "boss")[0]
    code = setup(admin.post(f"/stores/keys/{old.id}/replace").text)
    assert (code["till"], code["key"] == old.id) == ("front", False)
    assert [bool(key.revoked_at) for key in store_credentials.keys_of_store(app.ports, "IN", "MUM01").keys] == [
        False,
        False,
    ]
    answer = admin.client.post(
        f"/stores/keys/{old.id}/revoke", headers={"X-CSRFToken": admin.token()}, follow_redirects=True
    )
    assert "The key of the till front of MUM01 is revoked." in html.unescape(answer.text)
    assert [bool(key.revoked_at) for key in store_credentials.keys_of_store(app.ports, "IN", "MUM01").keys] == [
        True,
        False,
    ]


def test_a_till_without_a_store_is_not_connected(app: App, person: People) -> None:
    answer = person(Role.ADMIN).post("/stores/connect", {"region": "IN", "store_id": ""})
    assert (answer.status_code, "Enter the store" in answer.text) == (422, True)
    assert store_credentials.find_store_keys(app.ports) == []


def test_only_admins_connect_tills(person: People) -> None:
    assert person(Role.MANAGER).post("/stores/connect", {"region": "IN", "store_id": "MUM01"}).status_code == 403


def test_a_key_that_does_not_exist_is_not_found(person: People) -> None:
    assert person(Role.ADMIN).post("/stores/keys/000000000000/revoke").status_code == 404


def test_a_store_with_only_revoked_keys_is_shown_with_both_ways_out(app: App, person: People) -> None:
    admin = person(Role.ADMIN)
    key = store_credentials.issue_store_key(app.ports, "IN", "MUM01", "front", "boss")[0]
    where = {"region": "IN", "store_id": "MUM01"}
    assert "nothing that its tills send counts" not in admin.get("/stores").text
    assert admin.post("/stores/unsigned", where).status_code == 422, "it has a valid key"
    admin.post(f"/stores/keys/{key.id}/revoke")
    assert "MUM01 (IN): nothing that its tills send counts." in admin.get("/stores").text
    token = store_credentials.issue_store_token(app.ports, "IN", "MUM01", "", "boss")[0]
    sale = (
        store_sale_schema()["examples"][1]
        | where
        | {"number": "7", "sold_at": "2026-06-30T18:40:00+05:30", "lines": [LINE]}
    )
    with pytest.raises(UnsignedSale):
        publish_unsigned_sale(app.ports, token, sale)
    assert person(Role.MANAGER).post("/stores/unsigned", where).status_code == 403
    assert admin.post("/stores/unsigned", where).status_code == 303
    page = html.unescape(admin.get("/stores").text)
    assert "nothing that its tills send counts" not in page
    assert "MUM01 (IN) accepts unsigned messages again since" in page
    assert publish_unsigned_sale(app.ports, token, sale) == "IN/MUM01/7"
    Worker(app).run_until_idle()
    assert app.ports.warehouse.query("SELECT sale_id FROM sale_lines").num_rows == 1
    store_credentials.issue_store_key(app.ports, "IN", "MUM01", "back", "boss")
    with pytest.raises(UnsignedSale):
        publish_unsigned_sale(app.ports, token, sale)
    assert "accepts unsigned messages again" not in admin.get("/stores").text


def test_a_store_without_keys_has_nothing_to_open_again(app: App, person: People) -> None:
    assert person(Role.ADMIN).post("/stores/unsigned", {"region": "IN", "store_id": "MUM01"}).status_code == 404
    assert store_credentials.stores_with_keys(app.ports) == []
