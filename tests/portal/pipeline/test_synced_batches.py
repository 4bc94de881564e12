"""A batch that another home sent: its page names the home, and every decision about it is refused."""

from dataclasses import replace

import pytest
from shop_steps import FILE, Shop
from sync.sync_acts import HOME, PAGE, added

from tillstream.model.batch import BatchState
from tillstream.records import batch_records
from tillstream.sync import undo_requests
from tillstream.sync.undo_requests import UndoRequestState

WORDS = "batch of the home berlin-1"
OFFERED = ("Undo…", "Submit fixes", "Reprocess the file")


@pytest.fixture
def synced(shop: Shop) -> str:
    batch = shop.upload(FILE)
    assert all(words in shop.boss.get(f"/uploads/{batch}").text for words in OFFERED)
    batch_records.repair_batch(shop.app.ports, batch, lambda record: replace(record, home="berlin-1"))
    return batch


def test_the_page_offers_no_decision_and_names_the_home(shop: Shop, synced: str) -> None:
    page = shop.boss.get(f"/uploads/{synced}").text
    assert "Synced from the home berlin-1." in page
    assert not any(words in page for words in OFFERED)


def test_the_home_is_requested_to_undo_it(shop: Shop, synced: str) -> None:
    assert "Ask the home to undo it" in shop.boss.get(f"/uploads/{synced}").text
    assert shop.boss.post(f"/uploads/{synced}/ask-home", {"reason": ""}).status_code == 422
    shop.boss.post(f"/uploads/{synced}/ask-home", {"reason": "The day is wrong."})
    page = shop.boss.get(f"/uploads/{synced}").text
    for words in ("berlin-1 is asked to undo the file", "The day is wrong.", "There is no answer yet."):
        assert words in page
    assert "Ask the home to undo it" not in page
    request = undo_requests.find_undo_request(shop.app.ports, synced)
    assert request
    answer = replace(request, state=UndoRequestState.DECLINED, answer="It is right.", answered_by="ana")
    assert undo_requests.note_undo_answers(shop.app.ports, "berlin-1", [answer]) == []
    assert "ana declined: It is right." in shop.boss.get(f"/uploads/{synced}").text


def test_the_page_offers_to_undo_and_fix_it_if_its_home_was_removed(shop: Shop, synced: str) -> None:
    added(shop)
    shop.boss.post(f"{PAGE}/homes/{HOME}/remove")
    page = shop.boss.get(f"/uploads/{synced}").text
    assert "Synced from the home berlin-1, which was removed." in page
    assert [words in page for words in OFFERED] == [True, True, False]
    assert "Ask the home to undo it" not in page
    assert shop.boss.post(f"/uploads/{synced}/undo").status_code == 303
    assert batch_records.get_batch(shop.app.ports, synced).state is BatchState.UNDONE


@pytest.mark.parametrize("what", ["undo", "replay", "reject", "confirm"])
def test_a_decision_is_refused_with_the_name_of_the_home(shop: Shop, synced: str, what: str) -> None:
    before = batch_records.get_batch(shop.app.ports, synced)
    answer = shop.boss.post(f"/uploads/{synced}/{what}", {"reason": "no", "contract": "IN"})
    shown = answer.text if answer.status_code != 303 else shop.boss.get(answer.headers["Location"]).text
    assert WORDS in shown
    assert batch_records.get_batch(shop.app.ports, synced) == before
