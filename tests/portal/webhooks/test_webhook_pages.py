"""Pages of webhooks: only admins see them, a secret is shown once, and mistakes are shown at their field."""

import re

import pytest
from shop_steps import Shop, webhook

from tillstream.app import App
from tillstream.delivery import webhooks
from tillstream.model.events import TOPIC_SALE_EVENTS
from tillstream.ports.bus import Message


@pytest.fixture
def id_(shop: Shop) -> str:
    return webhook(shop)


def test_a_webhook_is_created_and_its_secret_shown_once(shop: Shop, app: App) -> None:
    assert "No webhooks yet" in shop.boss.get("/webhooks").text
    answer = shop.boss.post("/webhooks", {"url": "https://example.com/x", "filter": "region=UK"})
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", answer.text)
    assert answer.status_code == 201
    assert secret
    (created,) = webhooks.find_webhooks(app.ports)
    assert webhooks.webhook_keys(app.ports, created.id) == [secret[0]]
    for page in ("/webhooks", f"/webhooks/{created.id}"):
        text = shop.boss.get(page).text
        assert "https://example.com/x" in text
        assert "whsec_" not in text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"url": ""}, "Enter the address"),
        ({"url": "http://example.com"}, "begins with https://"),
        ({"url": "https://127.0.0.1/x"}, "is an address of a private network"),
        ({"url": "https://169.254.169.254/x"}, "is an address that no webhook may have"),
        ({"url": "https://example.com", "filter": "colour=red"}, "cannot be filtered by “colour”"),
    ],
)
def test_a_mistake_is_shown_and_nothing_is_stored(shop: Shop, app: App, form: dict[str, str], words: str) -> None:
    answer = shop.boss.post("/webhooks", form)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert webhooks.find_webhooks(app.ports) == []
    created = webhook(shop)
    answer = shop.boss.post(f"/webhooks/{created}/change", form)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert webhooks.get_webhook(app.ports, created).url == "https://example.com/sales"


@pytest.mark.parametrize("page", ["webhooks", "connectors", "alert-channels"])
def test_a_test_of_what_was_removed_is_not_found(shop: Shop, page: str) -> None:
    assert shop.boss.post(f"/{page}/gone/test").status_code == 404


def test_a_test_of_a_private_address_shows_why_it_is_not_sent(shop: Shop, app: App) -> None:
    created, _ = webhooks.add_webhook(app.ports, "https://localhost/x", "", "boss", private=False)
    shop.boss.post(f"/webhooks/{created.id}/test")
    text = shop.boss.get(f"/webhooks/{created.id}").text
    assert "The test was not accepted." in text
    assert "TILLSTREAM_WEBHOOK_PRIVATE=true" in text


def test_the_page_counts_the_events_that_wait(shop: Shop, app: App, id_: str) -> None:
    for words in ("1 event waits.", "2 events wait."):
        app.ports.bus.publish(TOPIC_SALE_EVENTS, [Message(b"{}", {"region": "UK"})])
        assert words in shop.boss.get(f"/webhooks/{id_}").text


def test_a_paused_webhook_can_be_resumed_and_removed(shop: Shop, app: App, id_: str) -> None:
    shop.boss.post(f"/webhooks/{id_}/pause")
    assert "Paused by a person." in shop.boss.get(f"/webhooks/{id_}").text
    shop.boss.post(f"/webhooks/{id_}/resume")
    assert "Paused by a person." not in shop.boss.get(f"/webhooks/{id_}").text
    shop.boss.post(f"/webhooks/{id_}/remove")
    assert shop.boss.get(f"/webhooks/{id_}").status_code == 404
    assert "webhook-" not in str(app.ports.bus.subscriptions())


def test_others_do_not_see_webhooks(shop: Shop, id_: str) -> None:
    clerk = shop.anonymous()
    clerk.sign_in("asha")
    assert [clerk.get(page).status_code for page in ("/webhooks", f"/webhooks/{id_}")] == [403, 403]
    assert clerk.post(f"/webhooks/{id_}/test").status_code == 403
