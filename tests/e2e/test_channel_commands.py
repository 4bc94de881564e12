"""`tillstream channels`, in processes of their own."""

from collections.abc import Iterator
from typing import Any

import pytest
from webhook_receiver import Receiver, receiving

HOOK = ("--kind", "webhook", "--url")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("TILLSTREAM_WEBHOOK_PRIVATE", "true")
    with receiving() as running:
        yield running


def test_a_channel_is_added_tested_paused_and_removed(run: Any, run_text: Any, receiver: Receiver) -> None:
    code, added = run("channels", "add", "Ops", *HOOK, receiver.url)
    assert (code, added["kind"], added["key"][:6], receiver.url in str(added)) == (0, "webhook", "whsec_", False)
    assert run("channels", "test", added["id"]) == (
        0,
        {"channel": added["id"], "outcome": "The receiver accepted the test.", "error": ""},
    )
    code, again = run("channels", "test", added["id"])
    assert (code, "Wait 15 seconds" in again["error"]) == (1, True)
    assert run("channels", "pause", added["id"])[1]["is_paused"]
    assert run("channels", "resume", added["id"])[1]["is_paused"] is False
    code, text = run_text("channels", "list")[:2]
    assert (code, f"{added['id']} · Ops · webhook · http://127.0.0.1:" in text) == (0, True)
    assert run("channels", "remove", added["id"])[0] == 0
    assert run("channels", "list") == (0, [])
    assert run_text("channels", "deliveries")[1].strip() == "Nothing was sent yet."


def test_mistakes_end_with_1_or_2(run: Any) -> None:
    assert run("channels", "add", "Ops", "--kind", "slack", "--url", "https://example.com")[0] == 1
    assert run("channels", "add", "Ops", "--kind", "email", "--to", "ada")[0] == 1
    assert run("channels", "add", "Ops", "--kind", "pigeon")[0] == 2
    assert run("channels", "test", "0" * 12)[0] == 1
    assert run("channels", "send-again", "0" * 32)[0] == 1
