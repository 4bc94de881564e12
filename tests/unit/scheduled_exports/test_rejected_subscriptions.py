"""Subscriptions to tables that cannot be delivered are not added."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from tillstream.app import App
from tillstream.delivery import subscriptions
from tillstream.delivery.subscriptions import SubscriptionDraft
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.settings import Settings

MONTHLY = SubscriptionDraft("Stores", "/explore?by=store&preset=last-month", "csv", "maya@example.com", "month", 1)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = build(Settings(home=tmp_path / "home", samples=False, threads=1))
    accounts.add_account(opened.ports, "maya", "Maya", Role.MANAGER, regions=("UK",))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 61},
        {"to": "maya"},
        {"address": "/catalogue"},
        {"address": "https://example.com/explore"},
        {"format": "doc"},
        {"every": "year"},
        {"day": 29},
        {"hour": 24},
    ],
)
def test_what_cannot_be_delivered_is_rejected(app: App, wrong: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        subscriptions.add_subscription(app.ports, "maya", SubscriptionDraft(**asdict(MONTHLY) | wrong), "maya")
