"""Links that open an account once: invitations, and passwords that were forgotten."""

import re
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from threads import PATIENCE, join_thread
from visitor import PASSWORD, People, Visitor

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model import audit
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.permissions import Role
from tillstream.people import accounts, invitation_links, sessions
from tillstream.people.accounts import WrongSignIn
from tillstream.people.invitation_links import NoSuchInvitationLink

OWN = "a sentence of my own"


def test_a_link_opens_once_and_the_person_signs_in_with_their_own_password(app: App) -> None:
    text = invitation_links.invite_with_link(app.ports, "Asha", "Asha Rao", Role.CLERK, regions=["IN"], by="boss")
    assert accounts.get_user(app.ports, "asha").state == "invited"
    with pytest.raises(WrongSignIn):
        accounts.sign_in_with_password(app.ports, "asha", "")
    assert invitation_links.redeem_link(app.ports, text, OWN).state == "active"
    assert accounts.sign_in_with_password(app.ports, "asha", OWN).login == "asha"
    with pytest.raises(NoSuchInvitationLink):
        invitation_links.redeem_link(app.ports, text, "another sentence of theirs")


def test_of_two_who_use_a_link_at_the_same_moment_one_gets_in(app: App) -> None:
    text = invitation_links.invite_with_link(app.ports, "asha", "Asha", Role.ADMIN, by="boss")
    start, answers = Barrier(2, timeout=PATIENCE), []

    def take(number: int) -> None:
        start.wait()
        try:
            invitation_links.redeem_link(app.ports, text, f"my very own sentence, number {number}")
            answers.append("in")
        except NoSuchInvitationLink:
            answers.append("too late")

    threads = [Thread(target=take, args=(number,), daemon=True) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        join_thread(thread)
    assert sorted(answers) == ["in", "too late"]


def test_looking_at_a_link_uses_nothing_up(app: App) -> None:
    text = invitation_links.invite_with_link(app.ports, "asha", "Asha", Role.ADMIN, by="boss")
    assert invitation_links.get_link(app.ports, text) == invitation_links.get_link(app.ports, text)


def test_an_invitation_is_too_old_after_a_week(app: App, clock: ManualClock) -> None:
    text = invitation_links.invite_with_link(app.ports, "asha", "Asha", Role.ADMIN, by="boss")
    clock.advance(7 * 86_400 - 60)
    assert invitation_links.get_link(app.ports, text).invitation
    clock.advance(60)
    with pytest.raises(NoSuchInvitationLink):
        invitation_links.get_link(app.ports, text)


def test_a_newer_link_takes_the_place_of_the_older(app: App) -> None:
    first = invitation_links.invite_with_link(app.ports, "asha", "Asha", Role.ADMIN, by="boss")
    second = invitation_links.reissue_link(app.ports, "asha", by="boss")
    assert invitation_links.get_link(app.ports, second).invitation
    with pytest.raises(NoSuchInvitationLink):
        invitation_links.get_link(app.ports, first)


def test_a_reset_ends_the_password_and_every_session_at_once(app: App, person: People) -> None:
    asha = person(Role.CLERK, "IN", login="asha")
    text = invitation_links.reissue_link(app.ports, "asha", by="boss")
    assert asha.get("/dashboard").status_code == 303
    with pytest.raises(WrongSignIn):
        accounts.sign_in_with_password(app.ports, "asha", PASSWORD)
    assert not invitation_links.get_link(app.ports, text).invitation
    invitation_links.redeem_link(app.ports, text, OWN)
    assert accounts.sign_in_with_password(app.ports, "asha", OWN)


def test_a_stopped_account_has_no_link(app: App) -> None:
    text = invitation_links.invite_with_link(app.ports, "asha", "Asha", Role.CLERK, regions=["IN"], by="boss")
    accounts.disable_account(app.ports, "asha", by="boss")
    with pytest.raises(NoSuchInvitationLink):
        invitation_links.get_link(app.ports, text)
    accounts.enable_account(app.ports, "asha", by="boss")
    with pytest.raises(NoSuchInvitationLink):
        invitation_links.get_link(app.ports, text)


def test_a_bad_password_leaves_the_link_open(app: App, anonymous: Visitor) -> None:
    text = invitation_links.invite_with_link(app.ports, "asha", "Asha", Role.ADMIN, by="boss")
    answer = anonymous.post(f"/join/{text}", {"new": "passwordpassword", "again": "passwordpassword"})
    assert (answer.status_code, "too easy to guess" in answer.text) == (422, True)
    assert invitation_links.get_link(app.ports, text)


def test_no_link_is_in_the_documents(app: App) -> None:
    text = invitation_links.invite_with_link(app.ports, "asha", "Asha", Role.ADMIN, by="boss")
    document = app.ports.documents.get("users", "asha")
    assert document
    assert text not in str(document.data)


def test_an_existing_name_is_rejected_and_its_account_is_unchanged(app: App) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=OWN)
    with pytest.raises(Conflict, match="asha already exists"):
        invitation_links.invite_with_link(app.ports, "asha", "Another", Role.ADMIN, by="boss")
    assert accounts.sign_in_with_password(app.ports, "asha", OWN)


@pytest.mark.parametrize("step", ["demote", "disable", "reset"])
def test_of_two_admins_who_take_each_other_away_at_once_one_stays(app: App, step: str) -> None:
    for login in ("boss", "second"):
        accounts.add_account(app.ports, login, login, Role.ADMIN, password=OWN)
    steps: dict[str, Callable[[str, str], object]] = {
        "demote": lambda other, me: accounts.assign_account(app.ports, other, role=Role.ANALYST, by=me),
        "disable": lambda other, me: accounts.disable_account(app.ports, other, by=me),
        "reset": lambda other, me: invitation_links.reissue_link(app.ports, other, by=me),
    }
    start, answers = Barrier(2, timeout=PATIENCE), []

    def away(other: str, me: str) -> None:
        start.wait()
        try:
            steps[step](other, me)
            answers.append("done")
        except Rejected as error:
            answers.append(str(error))

    threads = [Thread(target=away, args=names, daemon=True) for names in (("boss", "second"), ("second", "boss"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        join_thread(thread)
    assert answers.count("done") == 1
    assert any("is the only administrator" in words for words in answers)
    left = [one for one in accounts.all_users(app.ports) if one.role is Role.ADMIN and one.state == "active"]
    assert len(left) == 1


def test_an_admin_who_was_only_invited_is_none_to_rely_on(app: App) -> None:
    accounts.add_account(app.ports, "boss", "Boss", Role.ADMIN, password=OWN)
    invitation_links.invite_with_link(app.ports, "second", "Second", Role.ADMIN, by="boss")
    with pytest.raises(Rejected, match="only administrator"):
        accounts.disable_account(app.ports, "boss", by="second")


def test_the_list_of_people_is_searched_filtered_sorted_and_paged(app: App, person: People) -> None:
    admin = person(Role.ADMIN, login="boss")
    for number in range(60):
        accounts.create_account(
            app.ports, f"clerk{number:02}", f"Clerk {number:02}", Role.CLERK,
            {"hash": "", "stamp": "", "given_password": False}, "boss", audit.AuditAction.USER_INVITED,
            regions=["IN"],
        )  # fmt: skip

    def names(question: str) -> list[str]:
        return re.findall(r'<span class="quiet">(boss|clerk\d+)</span>', admin.get(f"/people?{question}").text)

    assert (len(names("")), len(names("page=2"))) == (25, 25)
    assert names("q=clerk+1")[:2] == ["clerk01", "clerk10"]
    assert names("role=admin") == ["boss"]
    assert names("state=active") == ["boss"]
    assert names("q=IN&sort=-name")[0] == "clerk59"
    assert "No results" in admin.get("/people?q=nobody-at-all").text


def test_an_admin_sees_where_a_person_is_signed_in_and_ends_it(app: App, person: People) -> None:
    admin, asha = person(Role.ADMIN, login="boss"), person(Role.CLERK, "IN", login="asha")
    assert "Werkzeug" in admin.get("/people/asha").text
    (session,) = sessions.find_sessions(app.ports, "asha")
    assert admin.post(f"/people/asha/sessions/{session.id}/end").status_code == 303
    assert asha.get("/dashboard").status_code == 303
    assert "No active sessions." in admin.get("/people/asha").text


def test_a_session_of_another_is_not_ended_under_a_wrong_name(app: App, person: People) -> None:
    admin, asha = person(Role.ADMIN, login="boss"), person(Role.CLERK, "IN", login="asha")
    person(Role.CLERK, "IN", login="ravi")
    (session,) = sessions.find_sessions(app.ports, "ravi")
    assert asha.post(f"/profile/sessions/{session.id}/end").status_code == 404
    assert admin.post(f"/people/asha/sessions/{session.id}/end").status_code == 404
    assert not sessions.find_sessions(app.ports, "ravi")[0].ended_at
