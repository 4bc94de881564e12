"""People, store tokens and the pipeline page."""

import re
from datetime import timedelta

from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts, store_credentials
from tillstream.ports.bus import Message


def link(text: str) -> str:
    """The path of the link that a page shows once."""
    match = re.search(r'id="secret">https?://[^/<]+([^<]+)<', text)
    assert match
    return match[1]


def test_an_admin_invites_a_person_who_chooses_a_password_by_the_link(person: People, anonymous: Visitor) -> None:
    admin = person(Role.ADMIN)
    answer = admin.post("/people", {"login": "Asha", "name": "Asha Rao", "role": "clerk", "regions": "IN, UK"})
    assert answer.status_code == 201
    path = link(answer.text)
    assert path not in admin.get("/people/asha").text
    assert "Welcome, Asha Rao" in anonymous.get(path).text
    taken = anonymous.post(path, {"new": "a sentence of my own", "again": "a sentence of my own"})
    assert (taken.status_code, taken.headers["Location"]) == (303, "/dashboard")
    assert anonymous.get("/uploads").status_code == 200
    assert anonymous.get(path).status_code == 410


def test_an_account_that_cannot_be_created_is_explained(person: People) -> None:
    answer = person(Role.ADMIN).post("/people", {"login": "asha", "name": "Asha", "role": "clerk", "regions": ""})
    assert answer.status_code == 422
    assert "Assign at least one" in answer.text


def test_a_person_of_a_region_that_is_not_there_is_not_made(app: App, person: People) -> None:
    admin = person(Role.ADMIN)
    answer = admin.post("/people", {"login": "asha", "name": "Asha", "role": "clerk", "regions": "IN, Mars"})
    assert (answer.status_code, "There is no region Mars." in answer.text) == (422, True)
    assert "asha" not in [user.login for user in accounts.all_users(app.ports)]


def test_an_admin_stops_a_person_lets_them_in_again_and_gives_a_new_password(app: App, person: People) -> None:
    admin = person(Role.ADMIN)
    person(Role.CLERK, "IN", login="asha")
    admin.post("/people/asha/disable")
    assert accounts.get_user(app.ports, "asha").disabled
    admin.post("/people/asha/enable")
    assert not accounts.get_user(app.ports, "asha").disabled
    assert "shown only once" in admin.post("/people/asha/reset").text


def test_an_admin_cannot_stop_themself(app: App, person: People) -> None:
    admin = person(Role.ADMIN, login="boss")
    assert admin.post("/people/boss/disable").status_code == 422
    assert not accounts.get_user(app.ports, "boss").disabled


def test_a_store_token_is_made_shown_once_and_revoked(app: App, person: People) -> None:
    admin = person(Role.ADMIN)
    answer = admin.post("/stores", {"region": "IN", "store_id": "MUM01", "label": "front"})
    text = re.search(r'id="secret">([^<]+)<', answer.text)
    assert text
    token = store_credentials.check_store_token(app.ports, text[1])
    assert token is not None
    assert text[1] not in admin.get("/stores").text
    admin.post(f"/stores/{token.id}/revoke")
    assert store_credentials.check_store_token(app.ports, text[1]) is None


def test_an_idle_pipeline_is_shown_as_idle(person: People) -> None:
    assert "Nothing is waiting and nothing has failed." in person(Role.ADMIN).get("/pipeline").text


def test_what_takes_too_long_is_shown(person: People, clock: ManualClock) -> None:
    manager = person(Role.MANAGER, "IN")
    manager.upload(indian_file(indian_sale("1")))
    assert "june.csv" not in manager.get("/pipeline").text
    clock.advance(timedelta(minutes=6).total_seconds())
    assert "june.csv" in manager.get("/pipeline").text
    assert "june.csv" not in person(Role.MANAGER, "UK").get("/pipeline").text


def test_a_dead_letter_is_shown_to_admins_with_its_error_and_sent_again(app: App, person: People) -> None:
    bus = app.ports.bus
    bus.publish("batch-events", [Message(b'{"secret": "of a region"}', {"type": "batch.staged"})])
    for _ in range(20):
        bus.release(bus.pull("batches", 10), "the disk was full")
        app.ports.clock.sleep(3_600)
    (letter,) = bus.dead_letters()
    admin, manager = person(Role.ADMIN), person(Role.MANAGER, "IN")
    assert "the disk was full" in admin.get("/pipeline").text
    assert "the disk was full" not in manager.get("/pipeline").text
    assert manager.post("/pipeline/resend", {"id": letter.id}).status_code == 403
    admin.post("/pipeline/resend", {"id": letter.id})
    assert bus.dead_letters() == []
    assert sum(depth.ready for depth in bus.queue_depths()) == 1


def test_the_help_page_explains_every_problem(person: People) -> None:
    from tillstream.model.problems import CATALOGUE

    page = person(Role.ANALYST).get("/help/problems").text
    for code in CATALOGUE:
        assert f'id="{code}"' in page


def test_the_form_of_a_token_offers_stores_with_sales_and_chooses_no_region(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    admin.upload(indian_file(indian_sale("1")))
    work()
    page = admin.get("/stores").text
    assert '<option value="MUM01"></option>' in page
    refused = admin.post("/stores", {"region": "", "store_id": "MUM01"})
    assert (refused.status_code, "Choose a region." in refused.text) == (422, True)
