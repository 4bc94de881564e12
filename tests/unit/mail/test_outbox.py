"""The outbox, with a real SMTP server: sent once, tried again, given up, and unclear after a stop."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from faults.objects.damaged_objects import flip_staged
from mail_server import Inbox, serving

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.delivery.smtp import SmtpServer
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.model.events import STAGING
from tillstream.records import mail
from tillstream.records.mail import Mail, MailAttachment
from tillstream.records.outbox import FAILED, PAUSES, SENDING, SENT, UNCLEAR, WAITING

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
MAIL = Mail(
    "key",
    "ada@example.com",
    "Sales in Größe",
    "text",
    "<p>text</p>",
    (MailAttachment("a.pdf", "application/pdf", b"%PDF"),),
)
FROM = "Tillstream <sales@example.com>"


@pytest.fixture
def inbox(free_tcp_port: int) -> Iterator[Inbox]:
    with serving(free_tcp_port) as inbox:
        yield inbox


@pytest.fixture
def server(inbox: Inbox, free_tcp_port: int) -> SmtpServer:
    return SmtpServer("127.0.0.1", free_tcp_port)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def state(app: App) -> str:
    (one,) = mail.list_mail(app.ports)
    return one.state


def send(server: SmtpServer) -> mail.Send:
    return partial(server.send, "sales@example.com")


def test_a_message_arrives_whole_and_once(app: App, server: SmtpServer, inbox: Inbox) -> None:
    assert mail.add_mail(app.ports, MAIL, FROM)
    assert not mail.add_mail(app.ports, MAIL, FROM)
    assert mail.has_due_mail(app.ports)
    assert mail.send_due_mail(app.ports, send(server)) == 1
    assert mail.send_due_mail(app.ports, send(server)) == 0
    assert not mail.add_mail(app.ports, MAIL, FROM)
    (message,) = inbox.messages
    assert (message["From"], message["To"], message["Subject"]) == (FROM, "ada@example.com", "Sales in Größe")
    assert message.get_body(("plain",)).get_content().strip() == "text"
    assert message.get_body(("html",)).get_content().strip() == "<p>text</p>"
    assert [part.get_filename() for part in message.iter_attachments()] == ["a.pdf"]
    assert state(app) == SENT
    assert list(app.ports.objects.list(STAGING, mail.MAIL_FOLDER)) == []


def test_a_message_that_is_damaged_before_it_is_sent_fails(app: App, server: SmtpServer, inbox: Inbox) -> None:
    mail.add_mail(app.ports, MAIL, FROM)
    flip_staged(app, mail.MAIL_FOLDER)
    assert mail.send_due_mail(app.ports, send(server)) == 0
    (one,) = mail.list_mail(app.ports)
    assert (one.state, one.error, inbox.messages) == (FAILED, mail.DAMAGED, [])


def test_a_long_message_has_short_lines_of_seven_bits(app: App, server: SmtpServer, inbox: Inbox) -> None:
    """The server refuses lines of more than 998 bytes; a message with line feeds alone is one line."""
    text = "Größe und Preis der Ware, je Laden. " * 400
    mail.add_mail(app.ports, replace(MAIL, text=text, html=f"<p>{text}</p>"), FROM)
    assert mail.send_due_mail(app.ports, send(server)) == 1
    (message,) = inbox.messages
    assert message.get_body(("plain",)).get_content().strip() == text.strip()
    assert bytes(message).isascii()


def test_a_server_that_is_busy_is_tried_again_later(
    app: App, server: SmtpServer, inbox: Inbox, clock: ManualClock
) -> None:
    mail.add_mail(app.ports, MAIL, FROM)
    inbox.answer = "451 try later"
    assert mail.send_due_mail(app.ports, send(server)) == 0
    (one,) = mail.list_mail(app.ports)
    assert (one.state, one.tries, one.error) == (WAITING, 1, "The mail server answered 451 try later")
    assert mail.send_due_mail(app.ports, send(server)) == 0
    assert mail.list_mail(app.ports)[0].tries == 1
    inbox.answer = ""
    clock.advance(120)
    assert mail.send_due_mail(app.ports, send(server)) == 1


def test_after_the_last_try_a_message_has_failed_and_can_be_sent_again(app: App, clock: ManualClock) -> None:
    def absent(to: str, content: bytes) -> None:
        raise Unavailable("The mail server cannot be reached")

    mail.add_mail(app.ports, MAIL, FROM)
    reported: list[str] = []
    for number in range(len(PAUSES) + 1):
        assert len(reported) == 0, number
        mail.send_due_mail(app.ports, absent, reported.append)
        clock.advance(9 * 3600)
    assert len(reported) == 1
    (one,) = mail.list_mail(app.ports)
    assert one.state == FAILED
    mail.retry_mail(app.ports, one.id, by="boss")
    assert state(app) == WAITING
    with pytest.raises(Rejected):
        mail.retry_mail(app.ports, one.id, by="boss")
    with pytest.raises(NotFound):
        mail.retry_mail(app.ports, "x", by="boss")


def test_a_refused_message_is_not_tried_again(app: App, server: SmtpServer, inbox: Inbox) -> None:
    mail.add_mail(app.ports, MAIL, FROM)
    inbox.answer = "550 no such user"
    reported: list[str] = []
    mail.send_due_mail(app.ports, send(server), reported.append)
    assert state(app) == FAILED
    (one,) = mail.list_mail(app.ports)
    assert reported == [f"{one.id}: failed. The mail server answered 550 no such user"]
    assert not mail.has_due_mail(app.ports)


def test_a_process_that_ends_while_sending_leaves_the_message_unclear(
    app: App, server: SmtpServer, inbox: Inbox, clock: ManualClock
) -> None:
    def killed(to: str, content: bytes) -> None:
        server.send("sales@example.com", to, content)
        raise KeyboardInterrupt

    mail.add_mail(app.ports, MAIL, FROM)
    with pytest.raises(KeyboardInterrupt):
        mail.send_due_mail(app.ports, killed)
    assert mail.send_due_mail(app.ports, send(server)) == 0
    assert state(app) == SENDING
    assert not mail.has_due_mail(app.ports)
    clock.advance(3600)
    assert mail.has_due_mail(app.ports)
    reported: list[str] = []
    assert mail.send_due_mail(app.ports, send(server), reported.append) == 0
    assert state(app) == UNCLEAR
    assert [sentence.partition(": ")[2] for sentence in reported] == [
        "unclear. The process ended while it sent the message."
    ]
    assert len(inbox.messages) == 1


def test_addresses_of_mail_servers() -> None:
    assert SmtpServer.parse("smtp://a%40b:p%3Aw@mail.example.com") == SmtpServer("mail.example.com", 587, "a@b", "p:w")
    assert SmtpServer.parse("smtps://mail.example.com:4650") == SmtpServer("mail.example.com", 4650, is_encrypted=True)
    with pytest.raises(Rejected):
        SmtpServer.parse("mail.example.com")
    with pytest.raises(Unavailable, match="cannot be reached"):
        SmtpServer("127.0.0.1", 1).send("a@example.com", "b@example.com", b"")
