"""Messages of places are stored and shown without credentials and control characters, up to a limit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from tillstream.app import App, outgoing_deliveries
from tillstream.delivery import file_deliveries
from tillstream.delivery.file_deliveries import MAX_MESSAGE, BucketPlace, NewFileDelivery
from tillstream.delivery.file_destinations import FileDestinationDraft
from tillstream.model.errors import Rejected, Unavailable
from tillstream.records.outbox import FAILED, WAITING
from tillstream.settings import Settings

SECRET = "secret-that-no-message-contains"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """With a destination whose place has read its credentials."""
    home = tmp_path / "home"
    (home / "secrets").mkdir(parents=True)
    for name in ("key", "secret"):
        (home / "secrets" / name).write_text(SECRET)
    opened = build(Settings(home=home, samples=False, threads=1))
    draft = FileDestinationDraft("bi", "s3://b/x", access_key="file:key", secret_key="file:secret", region="eu-west-1")
    outgoing_deliveries.add_file_destination(opened, draft, "boss")
    yield opened
    opened.close()


@pytest.mark.parametrize(("kind", "state"), [(Rejected, FAILED), (Unavailable, WAITING)])
def test_a_message_has_no_credential_and_ends(
    app: App, monkeypatch: pytest.MonkeyPatch, kind: type[Exception], state: str
) -> None:
    def put(*_: Any, **_named: Any) -> None:
        raise kind(f"\x1b[31mkey={SECRET} " + "x" * 2 * MAX_MESSAGE)

    monkeypatch.setattr(BucketPlace, "put", put)
    new = NewFileDelivery("1", "bi", "stores.csv", "maya", "Stores", keeps=False, stamp="1")
    file_deliveries.add_file(app.ports, new, [b"content"])
    outgoing_deliveries.send_waiting_files(app)
    (entry,) = file_deliveries.list_file_deliveries(app.ports)
    with pytest.raises(kind) as raised:
        outgoing_deliveries.test_file_destination(app, "bi", "boss")
    assert entry.state == state
    for message in (entry.error, str(raised.value)):
        assert len(message) == MAX_MESSAGE
        assert message.startswith("\ufffd[31mkey=••• xxx")
