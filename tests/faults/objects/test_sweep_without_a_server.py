"""Without a server, `sweep` works off the queues and says what remains."""

import pytest
from faults.objects.damaged_objects import SALE, lines

from tillstream.app import App
from tillstream.commands.declaration import show_answer
from tillstream.commands.maintenance import show_status, show_swept
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.delivery import webhooks
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.ports.bus import Message


def publish(app: App, count: int) -> None:
    app.ports.bus.publish(TOPIC_STORE_SALES, [Message(SALE % number) for number in range(count)])


def test_queued_sales_are_counted(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    publish(app, 5)
    show_answer(show_status, COMMANDS["status"](app, quiet).data)
    assert "No server is running. `tillstream sweep` processes what is ready" in capsys.readouterr().out
    swept = COMMANDS["sweep"](app, quiet).data
    assert (swept["received"], swept["left"], lines(app)) == (5, {}, 5)
    assert capsys.readouterr().out == "", "the log is not mixed with the result"
    show_swept(swept)
    assert "received 5 messages of stores" in capsys.readouterr().out
    assert not any(queue["ready"] for queue in COMMANDS["status"](app, quiet).data["queues"])
    show_answer(show_status, COMMANDS["status"](app, quiet).data)
    assert "Queues: empty" in capsys.readouterr().out


def test_what_another_process_has_in_progress_is_named(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    publish(app, 2)
    app.ports.bus.pull("receive", 1)
    swept = COMMANDS["sweep"](app, quiet).data
    assert (swept["received"], swept["left"], lines(app)) == (1, {"receive": 1}, 1)
    show_swept(swept)
    output = capsys.readouterr().out
    assert "Still queued: 1 in receive." in output


def test_events_of_webhooks_are_left_to_a_server(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    webhooks.add_webhook(app.ports, "https://partner.example/events", "", "ana", private=False)
    publish(app, 3)
    assert COMMANDS["sweep"](app, quiet).data["left"] == {}
    show_answer(show_status, COMMANDS["status"](app, quiet).data)
    output = capsys.readouterr().out
    assert "Queue webhook-1: 3 ready\nNo server is running. Only `tillstream serve` sends the events of web" in output
