"""Links that leave the portal have its configured address; a forged Host header never ends in one."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from portal_factory import create_app
from visitor import PASSWORD, Visitor
from werkzeug.test import TestResponse

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts

FORGED = ["evil.example", "192.0.2.1:8080", "localhost.evil.example"]
ASHA = {"login": "asha", "name": "Asha Rao", "role": "clerk", "regions": "IN"}


@dataclass
class VisitorOfHost(Visitor):
    """Sends a Host header of its choice."""

    host: str

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return super().get(path, base_url=f"http://{self.host}", **kwargs)

    def post(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        return super().post(path, data, base_url=f"http://{self.host}", **kwargs)


def admin_at(app: App, host: str) -> Visitor:
    accounts.add_account(app.ports, "boss", "Boss", Role.ADMIN, password=PASSWORD)
    admin = VisitorOfHost(create_app(app).test_client(), host)
    assert admin.sign_in("boss").status_code == 303
    return admin


@pytest.mark.parametrize("host", FORGED)
def test_a_forged_host_creates_neither_a_link_nor_an_account(app: App, host: str) -> None:
    answer = admin_at(app, host).post("/people", ASHA, headers={"X-Forwarded-Host": "evil.example"})
    assert (answer.status_code, "/join/" in answer.text) == (422, False)
    assert "set TILLSTREAM_PUBLIC_URL" in answer.text
    assert "asha" not in [user.login for user in accounts.all_users(app.ports)]


def test_a_forged_host_does_not_end_a_password(app: App) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.CLERK, regions=["IN"], password=PASSWORD)
    answer = admin_at(app, "evil.example").post("/people/asha/reset")
    assert (answer.status_code, "/join/" in answer.text) == (422, False)
    assert accounts.sign_in_with_password(app.ports, "asha", PASSWORD)


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080"])
def test_on_the_machine_itself_a_link_has_the_address_that_was_called(app: App, host: str) -> None:
    assert f">http://{host}/join/" in admin_at(app, host).post("/people", ASHA).text


def test_the_configured_address_is_in_every_link(app: App) -> None:
    settings = app.settings.model_copy(update={"public_url": "https://sales.example.com"})
    admin = admin_at(replace(app, settings=settings), "evil.example")
    answer = admin.post("/people", ASHA)
    assert ">https://sales.example.com/join/" in answer.text
    assert "evil.example" not in answer.text + admin.get("/api/docs").text
