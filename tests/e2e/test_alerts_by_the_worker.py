"""The worker of the local server delivers notices, and the e-mail that they become, without any request."""

from pathlib import Path

import pytest
from app_factory import build
from pydantic import SecretStr
from unit.alert_channels.channel_steps import channel, notify
from unit.mail.mail_server import serving
from waiting import wait_for
from webhook_receiver import receiving

from tillstream.app import outgoing_deliveries
from tillstream.server import worker
from tillstream.settings import Settings


@pytest.mark.parametrize("has_mail", [True, False])
def test_the_worker_delivers(
    tmp_path: Path, free_tcp_port: int, monkeypatch: pytest.MonkeyPatch, has_mail: bool
) -> None:
    turns, may_be_due = list[int](), outgoing_deliveries.may_messages_be_due
    monkeypatch.setattr(worker, "REPORTS_EVERY", 0.05)
    monkeypatch.setattr(outgoing_deliveries, "may_messages_be_due", lambda app: turns.append(1) or may_be_due(app))
    url = SecretStr(f"smtp://127.0.0.1:{free_tcp_port}" if has_mail else "")
    app = build(Settings(home=tmp_path, samples=False, threads=1, webhook_private=True, smtp_url=url))
    with serving(free_tcp_port) as inbox, receiving() as receiver:
        notify(app, "n1", channel(app, "webhook", url=receiver.url))
        if has_mail:
            notify(app, "n2", channel(app, "email", recipients="ada@example.com"))
        running = worker.Worker(app)
        running.start()
        try:
            wait_for(lambda: receiver.received and len(inbox.messages) >= has_mail, "both alerts", pause=0.05)
            until = len(turns) + 5
            wait_for(lambda: len(turns) >= until, "further turns, which deliver nothing again", pause=0.05)
        finally:
            running.stop()
            app.close()
    assert len(receiver.received) == 1
    assert [message["Subject"] for message in inbox.messages] == ["New alert: Alert n2"] * has_mail
