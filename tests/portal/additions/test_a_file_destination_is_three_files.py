"""A kind of file destinations that is declared with the place that it opens is offered, tested and receives a file."""

import re
from collections.abc import Callable
from typing import Any, BinaryIO

import pytest
from subscriptions.test_destination_pages import FORM, sell
from visitor import Visitor

from tillstream.app import App, outgoing_deliveries
from tillstream.commands import report
from tillstream.delivery import file_destinations
from tillstream.delivery.file_destinations import DestinationField, DestinationKind
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Role

KIND = DestinationKind(
    "Shelf", "shelf://ROOM", (DestinationField("user", "Keeper"), DestinationField("key", "Key", is_reference=True))
)


class Shelf:
    """The `FilePlace` of a room."""

    def __init__(self, app: App, access: Any, destination: Any) -> None:
        self.path, self.files = destination.to, FILES

    def put(self, name: str, content: BinaryIO, *, overwrite: bool) -> None:
        self.files[name] = content.read()

    def digest(self, name: str) -> str:
        raise NotFound(f"There is no file {name}.")

    def close(self) -> None:
        """Nothing is open."""


FILES: dict[str, bytes] = {}


def test_a_declared_kind_is_offered_tested_and_receives_a_file(
    app: App, person: Callable[..., Visitor], work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, page = person(Role.ADMIN), "/subscriptions/destinations"
    sell(admin, work)
    with monkeypatch.context() as added:
        added.setitem(file_destinations.KINDS, "shelf", KIND)
        added.setitem(outgoing_deliveries.PLACES, "shelf", Shelf)

        form = admin.get(page).text
        assert "<summary>Shelf</summary>" in form
        assert "sftp://HOST:PORT/FOLDER, shelf://ROOM." in form
        place = {"name": "bi", "to": "shelf://hall", "user": "meera", "key": "env:TILLSTREAM_SOURCE_SHELF"}
        assert admin.post(page, place | {"key": "a real key"}).status_code == 422
        assert admin.post(page, place | {"region": "eu"}).status_code == 422
        assert admin.post(page, place).status_code == 303
        assert admin.post(f"{page}/bi/test").status_code == 303
        assert "was written to shelf://hall." in admin.get(page).text
        assert admin.post("/subscriptions", FORM).status_code == 303
        assert FILES.keys() == {"tillstream-test.txt"}
        (id_,) = re.findall(r"/subscriptions/([0-9a-f]{12})/send", admin.get("/subscriptions").text)
        assert admin.post(f"/subscriptions/{id_}/send").status_code == 303
        report.send_due_reports(app)
        (content,) = (content for name, content in FILES.items() if name.startswith("kitchen-"))
        assert b"Kitchen" in content
    assert "shelf://hall" in admin.get(page).text
    assert admin.post(f"{page}/bi/test").status_code == 422
    assert admin.post(f"{page}/bi/remove").status_code == 303
    assert admin.post(page, place).status_code == 422
