"""A file that is no table is refused with the same sentence wherever it comes in."""

from html import unescape
from pathlib import Path

import pytest
from upload_steps import look_at
from visitor import People, Work

from tillstream.app import App
from tillstream.commands.detect import detect
from tillstream.intake import inbox
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.model.events import INBOX
from tillstream.model.permissions import Role

NO_TABLES = {
    "picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "The file is a picture, from which sales cannot be read."),
    "web page": (b"<html><body><table><tr><td>No", "The file is a web page (HTML), as some shops export"),
    "empty": (b"", "The file is empty."),
    "white space": (b"\r\n\r\n", "The file is empty."),
}


@pytest.mark.parametrize(("content", "sentence"), NO_TABLES.values(), ids=NO_TABLES)
def test_the_sentence_is_the_same_everywhere(
    app: App, person: People, work: Work, tmp_path: Path, content: bytes, sentence: str
) -> None:
    clerk = person(Role.CLERK, "IN")
    assert sentence in unescape(clerk.get(look_at(clerk, content, "strange.xls")).text)
    batch = clerk.upload(content, "strange.xls")
    work()
    assert sentence in unescape(clerk.get(f"/uploads/{batch}").text)
    (tmp_path / "strange.xls").write_bytes(content)
    with pytest.raises(Rejected) as caught:
        detect(str(tmp_path / "strange.xls"), {}, "", tmp_path)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(("content", "sentence"), NO_TABLES.values(), ids=NO_TABLES)
def test_a_dropped_file_that_is_no_table_is_rejected_at_once(app: App, content: bytes, sentence: str) -> None:
    name = "drop/1/strange.xls"
    with app.ports.objects.writer(INBOX, name, if_generation=0) as writer:
        writer.write(content)
    upload = inbox.ensure_record(app.ports, app.contracts, app.ports.objects.stat(INBOX, name))
    assert (upload.state, upload.contract, upload.holds) == (BatchState.REJECTED, "", ())
    assert sentence in upload.error


def test_the_page_of_a_dropped_file_gives_the_reason(app: App, person: People, work: Work) -> None:
    name = "drop/1/strange.xls"
    with app.ports.objects.writer(INBOX, name, if_generation=0) as writer:
        writer.write(b"%PDF-1.7\n")
    upload = inbox.ensure_record(app.ports, app.contracts, app.ports.objects.stat(INBOX, name))
    work()
    page = person(Role.ADMIN).get(f"/uploads/{upload.batch_id}")
    assert (page.status_code, "The file is a PDF" in page.text) == (200, True)
