"""IMAP against pymap's server: which attachments are read, from where on, and that messages stay unread."""

import socket
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from connectors.open_access import OpenAccess, contents, open_source
from imap_tools import MailBoxUnencrypted
from pymap_server import PASSWORD, serve

from tillstream.connectors.kinds import imap
from tillstream.connectors.source import ConnectorSource, PassedItem, SourceItem
from tillstream.model.errors import Rejected, Unavailable

CSV = b"id,amount\r\n1,2.00\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    process, result = serve("--no-tls")
    yield result
    process.terminate()
    process.wait()


@pytest.fixture
def mailbox(port) -> Iterator[MailBoxUnencrypted]:
    """With an empty folder Sales, of which the server gives new UIDs."""
    with MailBoxUnencrypted("127.0.0.1", port).login("demouser", PASSWORD) as result:
        if result.folder.exists("Sales"):
            result.folder.delete("Sales")
        result.folder.create("Sales")
        yield result


@pytest.fixture
def source(port) -> Iterator[Callable[..., ConnectorSource]]:
    opened = []

    def open_with(access: OpenAccess | None = None, **settings: str) -> ConnectorSource:
        values = {"host": "127.0.0.1", "port": str(port), "encryption": "none", "user": "demouser"}
        values |= {"password": "env:MAIL", "folder": "Sales"} | settings
        opened.append(open_source(imap.KIND, access or OpenAccess({"env:MAIL": PASSWORD}), **values))
        return opened[-1]

    yield open_with
    for each in opened:
        each.close()


def message(subject: str = "Sales of the day", sender: str = "till@shop.example", **files: bytes) -> EmailMessage:
    result = EmailMessage(policy=SMTP)
    result["Message-ID"] = f"<{abs(hash((subject, sender, *files)))}@shop.example>"
    result["From"], result["To"], result["Subject"] = sender, "sales@example.com", subject
    result["Date"] = "Mon, 02 Nov 2026 08:00:00 +0100"
    result.set_content("See the attachment.")
    for name, body in files.items():
        result.add_attachment(body, maintype="application", subtype="octet-stream", filename=name)
    return result


def send(mailbox: MailBoxUnencrypted, *messages: EmailMessage | bytes) -> None:
    for each in messages:
        mailbox.append(each if isinstance(each, bytes) else bytes(each), "Sales")


def pull(source: ConnectorSource, cursor: dict | None = None) -> list[SourceItem]:
    return [item for item in source.pull(cursor or {}) if isinstance(item, SourceItem)]


def test_attachments_are_read_and_messages_stay_unread(mailbox, source):
    send(
        mailbox, message(**{"a.csv": CSV, "b.xlsx": b"PK", "été 1.zip": b"PK\3\4", "logo.png": b"x", "terms.pdf": b"x"})
    )
    opened = source()
    assert contents(pull(opened)) == {"a.csv": CSV, "b.xlsx": b"PK", "été 1.zip": b"PK\3\4"}
    assert opened.behind() == 0
    mailbox.folder.set("Sales")
    assert [each.flags for each in mailbox.fetch(mark_seen=False)] in ([()], [("\\Recent",)])


def test_the_cursor_passes_a_message_with_its_last_attachment(mailbox, source):
    send(mailbox, message("one", **{"a.csv": b"1", "b.csv": b"2"}), message("two", **{"c.csv": b"3"}))
    first, second, third = pull(source())
    assert [item.file for item in pull(source(), first.cursor)] == ["a.csv", "b.csv", "c.csv"]
    assert [item.file for item in pull(source(), second.cursor)] == ["c.csv"]
    assert pull(source(), third.cursor) == []


def test_messages_without_files_are_passed_and_not_read_again(mailbox, source):
    send(mailbox, message("one", **{"a.csv": b"1"}), message("two"), message("three", **{"b.pdf": b"x"}))
    *_, last = source().pull({})
    assert isinstance(last, PassedItem)
    again = source()
    assert list(again.pull(last.cursor)) == []
    assert (again.behind(), again.notes()) == (0, [])
    send(mailbox, message("four", **{"c.csv": b"2"}))
    assert contents(pull(source(), last.cursor)) == {"c.csv": b"2"}


def test_a_folder_that_was_renumbered_is_listed_again_with_the_same_keys(mailbox, source):
    sent = message(**{"a.csv": CSV})
    send(mailbox, sent)
    [before] = pull(source())
    mailbox.folder.delete("Sales")
    mailbox.folder.create("Sales")
    send(mailbox, sent)
    opened = source()
    [after] = pull(opened, before.cursor)
    assert after.cursor["uidvalidity"] != before.cursor["uidvalidity"]
    assert after.key == before.key
    assert opened.notes() == ["The server renumbered the folder, so it is listed again."]


def test_a_copy_has_the_same_key_and_a_forwarded_message_another(mailbox, source):
    sent, forwarded = message(**{"a.csv": CSV}), message("Fwd: Sales of the day", **{"a.csv": CSV})
    send(mailbox, sent, sent, forwarded)
    one, copy, other = (item.key for item in pull(source()))
    assert one == copy != other


def test_a_message_within_a_message(mailbox, source):
    outer = message("Fwd")
    outer.add_attachment(message(**{"inner.csv": CSV}))
    send(mailbox, outer)
    assert contents(pull(source())) == {"inner.csv": CSV}


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="=?utf-8?B?w6l0w6kuY3N2?="', "été.csv"),
        ("attachment; filename*=utf-8''%C3%A9t%C3%A9%201.csv", "été 1.csv"),
        ('attachment; filename="C:\\\\till\\\\sales.csv"', "sales.csv"),
        ('attachment; filename="../../sales.csv"', "sales.csv"),
        ('attachment; filename="été.csv"', "été.csv"),
        ('attachment; filename="=?no-such?q?sales.csv?="', "=?no-such?q?sales.csv?="),
        ('inline; filename="sales.csv"', "sales.csv"),
        ("attachment", "attachment.csv"),
    ],
)
def test_names_of_attachments(mailbox, source, disposition, name):
    head = "From: till@shop.example\r\nSubject: x\r\nDate: Mon, 02 Nov 2026 08:00:00 +0100\r\nMIME-Version: 1.0\r\n"
    part = f"--b\r\nContent-Type: text/csv\r\nContent-Disposition: {disposition}\r\n\r\n{CSV.decode()}\r\n--b--\r\n"
    send(mailbox, f"{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{part}".encode())
    assert list(contents(pull(source(pattern="*")))) == [name]


def test_sender_subject_and_pattern_choose_the_attachments(mailbox, source):
    send(
        mailbox,
        message("Verkäufe Köln", **{"till-1.csv": b"1", "other.csv": b"2"}),
        message("Verkäufe Köln", sender="x@elsewhere.example", **{"till-2.csv": b"3"}),
        message("Orders", **{"till-3.csv": b"4"}),
    )
    chosen = {"sender": "@SHOP.example", "subject": "köln", "pattern": "till-*.csv"}
    assert contents(pull(source(**chosen))) == {"till-1.csv": b"1"}
    assert contents(pull(source(sender="@shop.example", subject="orders"))) == {"till-3.csv": b"4"}
    assert contents(pull(source(since="2030-01-01"))) == {}


def test_messages_without_a_file_to_read_are_noted(mailbox, source):
    send(mailbox, message(), message("Outlook", **{"winmail.dat": b"x"}), message("Lock", **{"~$a.xlsx": b"x"}))
    opened = source(pattern="*.csv, *.xlsx")
    assert pull(opened) == []
    assert opened.notes() == [
        "“Outlook” of 02 November 2026 has its files in winmail.dat. Ask the sender to send as plain text.",
        "Messages without an attachment that matches *.csv, *.xlsx: 3.",
    ]


def test_a_message_that_is_too_large_is_noted(mailbox, source, monkeypatch):
    monkeypatch.setattr(imap, "MAX_BYTES", 100)
    send(mailbox, message(**{"a.csv": CSV * 100}))
    opened = source()
    assert pull(opened) == []
    assert "larger than 0 MB and was not read" in opened.notes()[0]


def test_messages_are_marked_as_read_once_they_are_durable_if_the_setting_chooses_it(mailbox, source):
    send(mailbox, message("one", **{"a.csv": CSV}), message("two", **{"b.csv": CSV}))
    opened = source(mark_seen="yes")
    items = pull(opened)
    opened.acknowledge(items[0].cursor)
    mailbox.folder.set("Sales")
    assert [each.subject for each in mailbox.fetch("SEEN", mark_seen=False)] == ["one"]


def test_a_test_shows_the_newest_message_that_matches(mailbox, source):
    send(mailbox, message("one", **{"a.csv": CSV}), message("two", **{"b.csv": CSV}))
    assert source(subject="one").test().endswith("1 messages, 1 match; the newest is “one”.")


def test_more_messages_than_are_fetched_at_once(mailbox, source, monkeypatch):
    monkeypatch.setattr(imap, "HEADERS_AT_ONCE", 2)
    send(mailbox, *(message(f"day {day}", **{f"{day}.csv": CSV}) for day in range(5)))
    assert [item.file for item in pull(source())] == [f"{day}.csv" for day in range(5)]


def test_an_empty_folder_and_a_port_without_tls(mailbox, source):
    assert source().test().endswith("It has no messages to read.")
    with pytest.raises(Rejected, match=r"does not answer with TLS\. Check port and encryption"):
        source(encryption="tls").test()


def test_a_wrong_password_is_a_sentence_without_it(source):
    with pytest.raises(Rejected, match="refuses the user demouser") as caught:
        source(OpenAccess({"env:MAIL": "wrong-password"})).test()
    assert "wrong-password" not in str(caught.value)


def test_a_folder_that_does_not_exist(source):
    with pytest.raises(Rejected, match="the folder does not exist"):
        source(folder="None").test()


def test_a_server_that_is_away_or_silent_is_tried_again(source, monkeypatch):
    monkeypatch.setattr(imap, "TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for number in (9, silent.getsockname()[1]):
            with pytest.raises(Unavailable, match=r"cannot be reached: (connection refused|timed out)\.$"):
                source(port=str(number)).test()


def test_a_host_in_a_private_network_is_refused(source):
    with pytest.raises(Rejected, match="private network"):
        source(OpenAccess({"env:MAIL": PASSWORD}, is_private_allowed=False)).test()


@pytest.mark.parametrize("settings", [{"subject": "a\r\nb"}, {"encryption": "ssl"}, {"port": "x"}, {"since": "x"}])
def test_wrong_settings_are_refused(source, settings):
    with pytest.raises(Rejected):
        source(**settings)
