"""A person with a browser before the portal, and files in the style of the contract IN."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.context import EXTENSION
from tillstream.app import App

PASSWORD = "correct horse battery"
HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)


def indian_sale(number: str, amount: str = "100.00", *, date: str = "03-06-2026 10:15", customer: str = "C1") -> str:
    """One line in the style of the contract IN; revenue is `amount` rupees."""
    return (
        f"{number},1,{date},MUM01,S1,{customer},Asha Rao,P1,Kettle,Kitchen,store,"
        f"Completed,1,{amount},0.00,{amount},18.00,118.00,"
    )


def indian_file(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


def page_words(page: str) -> str:
    """The words of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@dataclass
class Visitor:
    """A person with a browser: keeps cookies, sends the CSRF token of its session with every form."""

    client: FlaskClient

    @property
    def app(self) -> App:
        """The app of the portal that the browser shows."""
        app: App = self.client.application.extensions[EXTENSION]
        return app

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.get(path, buffered=True, **kwargs)

    def post(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})}, buffered=True, **kwargs)

    def token(self) -> str:
        """The token for changes, from the address where a page that is open for long reads it."""
        token: str = self.get("/session").get_json()["token"]
        return token

    def sign_in(self, login: str, password: str = PASSWORD) -> TestResponse:
        return self.post("/sign-in", {"login": login, "password": password})

    def choose_password(self, first: str) -> TestResponse:
        """Change the first password to `PASSWORD`."""
        return self.post("/password", {"old": first, "new": PASSWORD, "again": PASSWORD})

    def upload(self, content: bytes, name: str = "june.csv", contract: str = "IN") -> str:
        """The batch id of the file given."""
        answer = self.post(
            "/uploads", {"contract": contract, "file": (BytesIO(content), name)}, headers={"Accept": "application/json"}
        )
        assert answer.status_code == 201, answer.text
        batch_id: str = answer.get_json()["uploads"][0]["batch_id"]
        return batch_id


People = Callable[..., Visitor]
"""Signs in a person of a role, and returns their browser."""
Work = Callable[[], None]
"""Does what the worker of the server has to do."""
