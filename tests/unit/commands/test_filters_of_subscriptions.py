"""A durable subscription keeps its filter, so that no event is lost by a command with another one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build

from tillstream.app import App
from tillstream.commands import sale_events
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_SALE_EVENTS
from tillstream.ports.bus import Message
from tillstream.settings import Settings

UK, IN = "region=UK", "region=IN"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(home=tmp_path, threads=1, samples=False))
    yield app
    app.close()


def begin(app: App, filter_: str | None, *, from_now: bool = False, change_filter: bool = False) -> str:
    begun = sale_events.begin_subscription(
        app, name="copy", filter=filter_, from_now=from_now, change_filter=change_filter
    )
    return str(begun.data["filter"])


def publish(app: App, *regions: str) -> None:
    bodies = [Message(json.dumps({"region": region}).encode(), {"region": region}) for region in regions]
    app.ports.bus.publish(TOPIC_SALE_EVENTS, bodies)


def read(app: App, filter_: str) -> list[str]:
    events = sale_events.next_events(app, subscription="subscriber-copy", filter=filter_).data["events"]
    return [one["event"]["region"] for one in events]


def test_another_filter_is_refused_and_loses_nothing(app: App) -> None:
    begin(app, UK)
    publish(app, "UK")
    with pytest.raises(Rejected, match=r"has the filter “region=UK”.*--change-filter"):
        begin(app, IN)
    with pytest.raises(Rejected, match="Start again"):
        read(app, IN)
    assert read(app, UK) == ["UK"]


def test_without_a_filter_it_continues_with_its_own(app: App) -> None:
    assert begin(app, None) == ""
    assert begin(app, "") == ""
    with pytest.raises(Rejected):
        begin(app, UK)
    begin(app, UK, change_filter=True)
    assert begin(app, None) == UK
    assert begin(app, " region=UK ") == " region=UK ", "the same filter in other words"


def test_a_filter_is_changed_knowingly(app: App) -> None:
    begin(app, UK)
    publish(app, "UK", "IN")
    begin(app, IN, change_filter=True)
    assert read(app, IN) == ["IN"]
    publish(app, "UK")
    begin(app, UK, from_now=True)
    assert read(app, UK) == []
    publish(app, "UK")
    assert read(app, UK) == ["UK"]
