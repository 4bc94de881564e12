"""The page of the sync: how to begin, what is not sent, and how the homes of a head office are."""

from dataclasses import replace
from datetime import timedelta

import pytest
from shop_steps import FILE, Shop
from sync.sync_acts import HOME, PAGE, added, open_question, requested
from visitor import People

from portal.context import EXTENSION
from portal.operations import pipeline
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import home_sync
from tillstream.commands.sync import sync_home
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Role
from tillstream.records import batch_records
from tillstream.sync import homes, reference_questions, sync_status

TO = "https://head-office.example.com"
TROUBLE = "A home is late or differs, or a question of the sync is open"


def test_an_empty_page_shows_how_to_begin(shop: Shop) -> None:
    page = shop.boss.get(PAGE).text
    for words in ("This Tillstream does not sync", "enter the address", "No home syncs to this Tillstream"):
        assert words in page
    assert PAGE in shop.boss.get("/pipeline").text


def test_a_home_shows_its_key_and_what_is_not_sent(shop: Shop) -> None:
    shop.upload(FILE)
    assert shop.boss.post(f"{PAGE}/address", {"to": TO + "/"}).status_code == 303
    page = shop.boss.get(PAGE).text
    assert "1 settlement is not sent yet" in page
    assert sync_status.get_status(shop.app.ports).to == TO
    assert "Key" in page
    sync_status.note_failure(shop.app.ports, "The host has no address.")
    assert "The host has no address." in shop.boss.get(PAGE).text
    shop.boss.post(f"{PAGE}/stop")
    assert f"The sync to {TO} is stopped." in shop.boss.get(PAGE).text


def test_a_question_is_decided_on_the_page(shop: Shop) -> None:
    question = open_question(shop)
    assert homes.sync_needs_attention(shop.app.ports)
    page = shop.boss.get(PAGE).text
    for words in ("Product P1 (Pen)", "Pencil", "Keep this home’s"):
        assert words in page
    assert shop.boss.post(f"{PAGE}/questions", {"question": question.id, "keep": "both"}).status_code == 422
    assert shop.boss.post(f"{PAGE}/questions", {"question": "none", "keep": "here"}).status_code == 404
    shop.boss.post(f"{PAGE}/questions", {"question": question.id, "keep": "head-office"})
    page = shop.boss.get(PAGE).text
    assert "1 question decided" in page
    assert "Questions about the catalogue" not in page
    assert not homes.sync_needs_attention(shop.app.ports)


def test_a_question_that_a_side_refuses_shows_the_reason(shop: Shop) -> None:
    why = "The head office refuses it: The code “OLD” already belongs to the product Q."
    reference_questions.replace_questions(shop.app.ports, [replace(open_question(shop), why=why, there=None)])
    page = shop.boss.get(PAGE).text
    for words in (why, "No entry", "Correct the entry."):
        assert words in page
    assert "Keep this home’s" not in page


def test_a_request_of_the_head_office_is_answered_on_the_page(shop: Shop) -> None:
    batch = requested(shop)
    assert homes.sync_needs_attention(shop.app.ports)
    page = shop.boss.get(PAGE).text
    for words in ("Requests of the head office", "Wrong day.", f"/uploads/{batch}/undo"):
        assert words in page
    assert shop.boss.post(f"{PAGE}/requests/{batch}/decline", {"reason": ""}).status_code == 422
    shop.boss.post(f"{PAGE}/requests/{batch}/decline", {"reason": "It is right."})
    assert "Requests of the head office" not in shop.boss.get(PAGE).text
    assert not homes.sync_needs_attention(shop.app.ports)


@pytest.mark.parametrize("to", ["", "ftp://x", "https://user:word@x"])
def test_another_address_is_refused(shop: Shop, to: str) -> None:
    assert shop.boss.post(f"{PAGE}/address", {"to": to}).status_code == 422
    assert sync_status.get_status(shop.app.ports).to == ""


@pytest.mark.parametrize(
    ("changes", "words", "is_trouble"),
    [
        ({}, "No contact yet", False),
        ({"contact_at": "now", "number": 3, "head": 3}, "In step", False),
        ({"contact_at": "now", "number": 3, "head": 5}, "Receiving", False),
        ({"contact_at": "2020-01-01T00:00:00+00:00"}, "Late", True),
        ({"contact_at": "now", "differing": ("2026-06-01",)}, "2026-06-01", True),
        ({"contact_at": "now", "held": "The clock of the home is 6 minutes ahead."}, "6 minutes ahead", True),
        ({"contact_at": "2020-01-01T00:00:00+00:00", "removed_at": "2020-02-01T00:00:00+00:00"}, "Removed", False),
    ],
)
def test_each_state_of_a_home_is_shown(
    shop: Shop, clock: ManualClock, changes: dict[str, object], words: str, is_trouble: bool
) -> None:
    added(shop)
    now = clock.now().isoformat()
    changes = {name: now if value == "now" else value for name, value in changes.items()}
    homes.change_home(shop.app.ports, HOME, lambda home: replace(home, **changes))  # type: ignore[arg-type]
    assert words in shop.boss.get(PAGE).text
    assert ("The sync needs attention" in shop.boss.get("/pipeline").text) == is_trouble


def test_a_home_that_differs_or_cannot_send_for_a_day_needs_attention(shop: Shop, clock: ManualClock) -> None:
    shop.boss.post(f"{PAGE}/address", {"to": TO})
    sync_status.note_failure(shop.app.ports, "no connection")
    assert TROUBLE not in shop.boss.get("/dashboard/tiles/attention").text
    sync_status.note_comparison(shop.app.ports, 1, ["2026-06-01"])
    assert TROUBLE in shop.boss.get("/dashboard/tiles/attention").text
    sync_status.note_comparison(shop.app.ports, 1, [])
    sync_status.note_failure(shop.app.ports, "no connection")
    assert not homes.sync_needs_attention(shop.app.ports)
    clock.advance(timedelta(hours=25).total_seconds())
    assert homes.sync_needs_attention(shop.app.ports)


def test_others_than_administrators_see_nothing_of_it(shop: Shop, person: People) -> None:
    added(shop)
    homes.change_home(shop.app.ports, HOME, lambda home: replace(home, held="The clock is wrong."))
    manager = person(Role.MANAGER, "IN")
    assert manager.get(PAGE).status_code == 403
    assert PAGE not in manager.get("/pipeline").text
    assert TROUBLE not in manager.get("/dashboard/tiles/attention").text


def test_a_public_address_needs_https_and_a_private_one_without_it_has_a_warning(shop: Shop) -> None:
    assert shop.boss.post(f"{PAGE}/address", {"to": "http://8.8.8.8"}).status_code == 422
    assert sync_status.get_status(shop.app.ports).to == ""
    sync_status.begin_sync(shop.app.ports, "http://127.0.0.1:8000", "boss")
    assert pipeline.NOT_ENCRYPTED in shop.boss.get(PAGE).text
    sync_status.begin_sync(shop.app.ports, "https://office.example.com", "boss")
    assert pipeline.NOT_ENCRYPTED not in shop.boss.get(PAGE).text


def test_a_home_with_sample_sales_begins_to_sync_when_they_are_undone(shop: Shop) -> None:
    batch = shop.upload(FILE)
    batch_records.repair_batch(shop.app.ports, batch, lambda record: replace(record, received_by=batch_records.SAMPLES))
    refused = shop.boss.post(f"{PAGE}/address", {"to": TO})
    assert (refused.status_code, sync_status.get_status(shop.app.ports).to) == (422, "")
    assert "1 sample file counts in this home" in refused.text
    shop.boss.post(f"/uploads/{batch}/undo")
    shop.work()
    assert shop.boss.post(f"{PAGE}/address", {"to": TO}).status_code == 303


def test_a_project_is_a_head_office_only(shop: Shop) -> None:
    in_project = replace(shop.app, settings=shop.app.settings.model_copy(update={"project": "acme"}))
    shop.flask.extensions[EXTENSION] = in_project
    page = shop.boss.get(PAGE).text
    assert home_sync.ONLY_HEAD_OFFICE in page
    assert "Begin to sync" not in page
    assert shop.boss.post(f"{PAGE}/address", {"to": TO}).status_code == 422
    assert HOME in shop.boss.get(added(shop) and PAGE).text
    with pytest.raises(Rejected, match="head office"):
        home_sync.sync_to_office(in_project)
    with pytest.raises(Rejected, match="head office"):
        sync_home(in_project, to=TO)
