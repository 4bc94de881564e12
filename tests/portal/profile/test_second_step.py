"""The second step: a code of the telephone beside the password."""

import re
from threading import Barrier, Thread

import pyotp
import pytest
from threads import PATIENCE, join_thread
from visitor import PASSWORD, People, Visitor

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import account_store, accounts, two_factor
from tillstream.people.passwords import TooManyTries
from tillstream.people.two_factor import WrongCode
from tillstream.records import audit_log


def code(app: App, key: str, steps: int = 0) -> str:
    """What the telephone shows now, or some steps from now."""
    return str(pyotp.TOTP(key).at(int(app.ports.clock.now().timestamp()) + 30 * steps))


def set_up(app: App, login: str = "asha") -> tuple[str, list[str]]:
    """The key and the recovery codes; the code that proved it is used up."""
    key = two_factor.start_totp_setup(app.ports, login)
    return key, two_factor.confirm_totp(app.ports, login, code(app, key, -1))


@pytest.fixture
def asha(app: App) -> str:
    accounts.add_account(app.ports, "asha", "Asha", Role.CLERK, regions=["IN"], password=PASSWORD)
    return "asha"


def test_it_is_on_only_after_a_right_code(app: App, asha: str) -> None:
    key = two_factor.start_totp_setup(app.ports, asha)
    with pytest.raises(WrongCode):
        two_factor.confirm_totp(app.ports, asha, "000000")
    assert not accounts.get_user(app.ports, asha).second_step
    codes = two_factor.confirm_totp(app.ports, asha, code(app, key))
    assert accounts.get_user(app.ports, asha).second_step
    assert len(set(codes)) == 10


def test_a_code_counts_once(app: App, asha: str, clock: ManualClock) -> None:
    key, _ = set_up(app)
    two_factor.check_second_factor(app.ports, asha, code(app, key))
    with pytest.raises(WrongCode):
        two_factor.check_second_factor(app.ports, asha, code(app, key))
    clock.advance(30)
    two_factor.check_second_factor(app.ports, asha, code(app, key))


def test_an_older_code_does_not_count_after_a_newer(app: App, asha: str) -> None:
    key, _ = set_up(app)
    two_factor.check_second_factor(app.ports, asha, code(app, key, 1))
    with pytest.raises(WrongCode):
        two_factor.check_second_factor(app.ports, asha, code(app, key, 0))


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(app: App, asha: str, clock: ManualClock, steps: int, *, right: bool) -> None:
    key, _ = set_up(app)
    clock.advance(300)
    if right:
        assert two_factor.check_second_factor(app.ports, asha, code(app, key, steps))
    else:
        with pytest.raises(WrongCode):
            two_factor.check_second_factor(app.ports, asha, code(app, key, steps))


def test_of_two_with_one_code_at_the_same_moment_one_gets_in(app: App, asha: str) -> None:
    key, _ = set_up(app)
    now, start, answers = code(app, key), Barrier(4, timeout=PATIENCE), []

    def check() -> None:
        start.wait()
        try:
            two_factor.check_second_factor(app.ports, asha, now)
            answers.append("in")
        except (WrongCode, TooManyTries):
            answers.append("out")

    threads = [Thread(target=check, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        join_thread(thread)
    assert sorted(answers) == ["in", "out", "out", "out"]


def test_a_recovery_code_counts_once_however_it_is_typed(app: App, asha: str) -> None:
    _, codes = set_up(app)
    two_factor.check_second_factor(app.ports, asha, f" {codes[0].upper().replace('-', ' ')} ")
    assert two_factor.recovery_codes_left(app.ports, asha) == 9
    with pytest.raises(WrongCode):
        two_factor.check_second_factor(app.ports, asha, codes[0])
    assert "user.recovery-code-used" in {
        one.what for one in audit_log.find_entries(app.ports, audit_log.AuditFilter(subject=asha))
    }


def test_new_recovery_codes_take_the_place_of_the_old(app: App, asha: str) -> None:
    _, old = set_up(app)
    new = two_factor.new_recovery_codes(app.ports, asha)
    with pytest.raises(WrongCode):
        two_factor.check_second_factor(app.ports, asha, old[0])
    two_factor.check_second_factor(app.ports, asha, new[0])


def test_recovery_codes_are_kept_only_as_hashes_and_nothing_of_it_is_logged(app: App, asha: str) -> None:
    key, codes = set_up(app)
    document = app.ports.documents.get("users", asha)
    assert document
    log = str([one.to_json() for one in audit_log.find_entries(app.ports, audit_log.AuditFilter())])
    for secret in codes:
        assert secret not in str(document.data)
        assert secret not in log
    assert key not in log


def test_guessing_codes_has_to_wait(app: App, asha: str) -> None:
    set_up(app)
    for _ in range(5):
        with pytest.raises(WrongCode):
            two_factor.check_second_factor(app.ports, asha, "123456")
    with pytest.raises(TooManyTries):
        two_factor.check_second_factor(app.ports, asha, "123456")


def test_a_right_password_does_not_shorten_the_wait_for_codes(app: App, asha: str, anonymous: Visitor) -> None:
    key, _ = set_up(app)
    for _ in range(5):
        anonymous.sign_in(asha)
        assert anonymous.post("/sign-in/code", {"code": "123456"}).status_code == 401
    anonymous.sign_in(asha)
    assert anonymous.post("/sign-in/code", {"code": code(app, key)}).status_code == 429


def test_signing_in_requires_the_code_and_opens_the_requested_page(app: App, asha: str, anonymous: Visitor) -> None:
    key, _ = set_up(app)
    wanted = anonymous.get("/uploads?q=june").headers["Location"]
    half = anonymous.post(wanted, {"login": asha, "password": PASSWORD})
    assert half.headers["Location"].startswith("/sign-in/code")
    assert anonymous.get("/uploads").status_code == 303
    assert anonymous.get("/api/kpis").status_code == 401
    assert anonymous.post(half.headers["Location"], {"code": "000000"}).status_code == 401
    whole = anonymous.post(half.headers["Location"], {"code": code(app, key)})
    assert whole.headers["Location"] == "/uploads?q=june"
    assert anonymous.get("/uploads").status_code == 200


def test_the_code_without_the_password_opens_nothing(app: App, asha: str, anonymous: Visitor) -> None:
    key, _ = set_up(app)
    assert anonymous.get("/sign-in/code").headers["Location"] == "/sign-in"
    assert anonymous.post("/sign-in/code", {"code": code(app, key)}).headers["Location"] == "/sign-in"


def test_half_a_sign_in_is_too_old_after_minutes_and_ends_with_the_password(
    app: App, asha: str, anonymous: Visitor, clock: ManualClock
) -> None:
    key, _ = set_up(app)
    anonymous.sign_in(asha)
    clock.advance(301)
    assert anonymous.post("/sign-in/code", {"code": code(app, key)}).headers["Location"] == "/sign-in"
    anonymous.sign_in(asha)
    accounts.reset_password(app.ports, asha, by="boss")
    assert anonymous.post("/sign-in/code", {"code": code(app, key)}).headers["Location"] == "/sign-in"


def test_a_person_sets_it_up_on_their_profile_with_a_picture(app: App, person: People) -> None:
    visitor = person(Role.CLERK, "IN", login="asha")
    page = visitor.get("/profile/second-step").text
    key = re.search(r'id="key">([A-Z2-7 ]+)<', page)
    assert key
    assert "<svg" in page
    assert "style=" not in page
    assert visitor.get("/profile/second-step").text.count(key[1]) == 1
    done = visitor.post("/profile/second-step", {"code": code(app, key[1].replace(" ", ""))})
    assert done.status_code == 201
    assert len(re.findall(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", done.text)) == 10
    assert "10 recovery codes left" in visitor.get("/profile").text


def test_a_person_takes_it_off_with_a_code(app: App, person: People) -> None:
    visitor = person(Role.CLERK, "IN", login="asha")
    key, _ = set_up(app)
    assert visitor.post("/profile/second-step/off", {"code": "000000"}).status_code == 422
    assert visitor.post("/profile/second-step/off", {"code": code(app, key)}).status_code == 303
    assert not accounts.get_user(app.ports, "asha").second_step


def test_an_admin_takes_it_off_for_who_lost_their_telephone(app: App, person: People, anonymous: Visitor) -> None:
    admin = person(Role.ADMIN, login="boss")
    accounts.add_account(app.ports, "asha", "Asha", Role.CLERK, regions=["IN"], password=PASSWORD)
    set_up(app)
    assert admin.post("/people/asha/second-step-off").status_code == 303
    assert anonymous.sign_in("asha").headers["Location"] == "/dashboard"


def test_where_a_role_must_use_it_nothing_else_is_answered_until_it_is_set_up(app: App, person: People) -> None:
    admin, clerk = person(Role.ADMIN, login="boss"), person(Role.CLERK, "IN", login="asha")
    assert admin.post("/sign-in-rules", {"roles": "clerk"}).status_code == 303
    assert account_store.second_factor_roles(app.ports) == (Role.CLERK,)
    assert clerk.get("/uploads").headers["Location"] == "/profile/second-step"
    assert clerk.get("/api/kpis").status_code == 403
    assert clerk.client.post("/uploads").status_code in {400, 403}
    assert admin.get("/dashboard").status_code == 200
    key = two_factor.pending_totp_key(app.ports, "asha")
    assert clerk.client.get("/profile/second-step").status_code == 200
    set_up(app)
    assert key
    assert clerk.get("/uploads").status_code == 200
    assert clerk.post("/profile/second-step/off", {"code": "x"}).status_code == 422
