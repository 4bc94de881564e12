"""Accounts, the brake on tries, and store tokens, on real documents."""

from dataclasses import replace
from pathlib import Path

import pytest

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App, open_app
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.people import PASSWORD_COST, PasswordCost, Scope
from tillstream.model.permissions import Role
from tillstream.people import accounts, passwords, store_credentials
from tillstream.people.account_store import WrongField
from tillstream.people.accounts import WrongSignIn
from tillstream.people.passwords import TooManyTries
from tillstream.settings import Settings

GOOD = "correct horse battery"


def test_the_first_admin_is_made_once_and_can_sign_in(app: App) -> None:
    password = accounts.create_first_admin(app.ports)
    assert password is not None
    assert accounts.create_first_admin(app.ports) is None
    user = accounts.sign_in_with_password(app.ports, "admin", password)
    assert (user.role, user.given_password) == (Role.ADMIN, True)


def test_no_password_is_in_the_documents(app: App) -> None:
    password = accounts.add_account(app.ports, "asha", "Asha", Role.CLERK, regions=["IN"])
    stored = app.ports.documents.get("users", "asha")
    assert stored is not None
    assert password not in str(stored.data)
    assert stored.data["hash"].startswith("$argon2id$")


def test_names_are_the_same_in_capitals_and_with_spaces_around(app: App) -> None:
    accounts.add_account(app.ports, "Asha", "Asha", Role.ADMIN, password=GOOD)
    assert accounts.sign_in_with_password(app.ports, " ASHA ", GOOD).login == "asha"
    with pytest.raises(Conflict, match="asha already exists"):
        accounts.add_account(app.ports, "ASHA", "Another", Role.ADMIN)


@pytest.mark.parametrize("login", ["", "-asha", "as ha", "a" * 61, "../admin", "äsha"])
def test_a_bad_name_is_refused(app: App, login: str) -> None:
    with pytest.raises(Rejected, match="sign-in name"):
        accounts.add_account(app.ports, login, "Asha", Role.ADMIN)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaa", "asha-asha-asha", "x" * 257])
def test_a_password_that_is_easy_to_guess_is_refused(app: App, password: str) -> None:
    with pytest.raises(Rejected, match="password"):
        accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=password)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.CLERK, Role.SALESPERSON])
def test_a_role_that_sees_given_regions_needs_one(app: App, role: Role) -> None:
    with pytest.raises(Rejected, match="at least one"):
        accounts.add_account(app.ports, "asha", "Asha", role, salesperson="S1")


def test_an_account_gives_the_scope_of_its_role_and_regions(app: App) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.MANAGER, regions=["IN", " UK "], stores=["MUM01"])
    assert accounts.get_user(app.ports, "asha").scope == Scope(Role.MANAGER, ("IN", "UK"), ("MUM01",))


def test_only_given_fields_of_an_account_change_and_the_user_is_recorded(app: App, clock: ManualClock) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.CLERK, regions=["IN"], stores=["MUM01"], by="boss")
    clock.advance(60)
    accounts.assign_account(app.ports, "ASHA", role=Role.MANAGER, by="boss")
    accounts.assign_account(app.ports, "asha", regions=["UK", "IN"], stores=[], by="second")
    accounts.assign_account(app.ports, "asha", regions=["IN", "UK"], by="second")
    accounts.disable_account(app.ports, "asha", by="boss")
    assert accounts.get_user(app.ports, "asha").scope == Scope(Role.MANAGER, ("IN", "UK"))
    assert [(change["by"], change["what"]) for change in accounts.account_history(app.ports, "asha")] == [
        ("boss", "account disabled"),
        ("second", "regions: IN → IN, UK; stores: MUM01 → none"),
        ("boss", "role: clerk → manager"),
        ("boss", "account created"),
    ]
    assert accounts.account_history(app.ports, "asha")[-1]["at"] == "2026-07-01T09:00:00+00:00"


def test_every_way_of_changing_an_account_is_written_down(app: App) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, by="boss")
    accounts.add_account(app.ports, "second", "Second", Role.ADMIN)
    accounts.disable_account(app.ports, "asha", by="second")
    accounts.enable_account(app.ports, "asha", by="second")
    password = accounts.reset_password(app.ports, "asha", by="second")
    accounts.sign_in_with_password(app.ports, "asha", password)
    accounts.change_password(app.ports, "asha", password, GOOD)
    changes = [(change["what"], change["by"]) for change in reversed(accounts.account_history(app.ports, "asha"))]
    assert changes == [
        ("account created", "boss"),
        ("account disabled", "second"),
        ("account enabled", "second"),
        ("password reset", "second"),
        ("password changed", "asha"),
    ]


def test_another_role_brings_along_what_it_needs_and_leaves_what_it_has_no_use_for(app: App) -> None:
    accounts.add_account(
        app.ports, "asha", "Asha", Role.SALESPERSON, regions=["IN"], stores=["MUM01"], salesperson="S1"
    )
    accounts.assign_account(app.ports, "asha", role=Role.CLERK)
    assert accounts.get_user(app.ports, "asha").salesperson is None
    for changes, field in (
        ({"role": Role.SALESPERSON}, "salesperson"),
        ({"regions": [" "]}, "regions"),
        ({"regions": ["Mars"]}, "regions"),
    ):
        with pytest.raises(WrongField) as caught:
            accounts.assign_account(app.ports, "asha", check_regions=app.contracts.check_regions, **changes)  # type: ignore[arg-type]
        assert caught.value.field == field
    accounts.assign_account(app.ports, "asha", role=Role.ADMIN)
    assert accounts.get_user(app.ports, "asha").regions == ()


def test_the_last_admin_stays_one(app: App) -> None:
    accounts.add_account(app.ports, "boss", "Boss", Role.ADMIN)
    accounts.add_account(app.ports, "second", "Second", Role.ADMIN)
    accounts.disable_account(app.ports, "second")
    with pytest.raises(WrongField, match="only administrator") as caught:
        accounts.assign_account(app.ports, "BOSS", role=Role.ANALYST)
    assert (caught.value.field, accounts.get_user(app.ports, "boss").role) == ("role", Role.ADMIN)
    accounts.enable_account(app.ports, "second")
    assert accounts.assign_account(app.ports, "boss", role=Role.ANALYST).role is Role.ANALYST


def test_an_account_that_is_older_than_the_audit_log_keeps_its_changes(app: App) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.CLERK, regions=["IN"])
    document = app.ports.documents.get("users", "asha")
    assert document is not None
    app.ports.documents.put("users", "asha", document.data | {"changes": [{"at": "2020", "by": "old", "what": "made"}]})
    accounts.assign_account(app.ports, "asha", regions=["UK"], by="boss")
    users = [change["by"] for change in accounts.account_history(app.ports, "asha")]
    assert users == ["boss", "nobody", "old"]


def test_unknown_wrong_and_disabled_sign_ins_have_the_same_message(app: App) -> None:
    accounts.add_account(app.ports, "boss", "Boss", Role.ADMIN, password=GOOD)
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=GOOD)
    accounts.disable_account(app.ports, "asha")
    answers = set()
    for login, password in (("nobody", GOOD), ("boss", "wrong password"), ("asha", GOOD)):
        with pytest.raises(WrongSignIn) as caught:
            accounts.sign_in_with_password(app.ports, login, password)
        answers.add(str(caught.value))
    assert len(answers) == 1


def test_tries_at_one_name_wait_longer_and_longer_known_or_not(app: App, clock: ManualClock) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=GOOD)
    for login in ("asha", "nobody"):
        for _ in range(passwords.FREE_TRIES):
            with pytest.raises(WrongSignIn):
                accounts.sign_in_with_password(app.ports, login, "wrong")
        waits = []
        for _ in range(4):
            with pytest.raises(TooManyTries) as caught:
                accounts.sign_in_with_password(app.ports, login, GOOD)
            waits.append(caught.value.seconds)
            clock.advance(caught.value.seconds)
            with pytest.raises(WrongSignIn):
                accounts.sign_in_with_password(app.ports, login, "wrong")
        assert waits == [2, 4, 8, 16]


@pytest.mark.parametrize(("seconds", "words"), [(1, "Wait a second and"), (2, "Wait 2 seconds and")])
def test_the_waiting_time_is_written_in_english(seconds: int, words: str) -> None:
    assert words in str(TooManyTries(seconds))


def test_the_right_password_after_the_wait_ends_the_count(app: App, clock: ManualClock) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=GOOD)
    for _ in range(passwords.FREE_TRIES):
        with pytest.raises(WrongSignIn):
            accounts.sign_in_with_password(app.ports, "asha", "wrong")
    clock.advance(2)
    assert accounts.sign_in_with_password(app.ports, "asha", GOOD).login == "asha"
    assert app.ports.documents.count(passwords.TRIES_COLLECTION) == 0


def test_the_wait_has_an_end_however_long_the_attack(app: App, clock: ManualClock) -> None:
    waits = []
    for _ in range(40):
        try:
            passwords.count_sign_in_try(app.ports, "asha")
        except TooManyTries as error:
            waits.append(error.seconds)
            clock.advance(error.seconds)
    assert max(waits) == passwords.MAX_WAIT_SECONDS


def test_the_last_admin_cannot_be_disabled(app: App) -> None:
    accounts.add_account(app.ports, "boss", "Boss", Role.ADMIN)
    accounts.add_account(app.ports, "second", "Second", Role.ADMIN)
    accounts.disable_account(app.ports, "second")
    with pytest.raises(Rejected, match="only administrator"):
        accounts.disable_account(app.ports, "boss")
    assert accounts.enable_account(app.ports, "second").disabled is False


def test_a_new_password_changes_the_stamp_that_sessions_carry(app: App) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=GOOD)
    before = accounts.get_user(app.ports, "asha").stamp
    password = accounts.reset_password(app.ports, "asha")
    reset = accounts.get_user(app.ports, "asha")
    changed = accounts.change_password(app.ports, "asha", password, "another long sentence")
    assert len({before, reset.stamp, changed.stamp}) == 3
    assert (reset.given_password, changed.given_password) == (True, False)
    with pytest.raises(WrongSignIn):
        accounts.change_password(app.ports, "asha", GOOD, "yet another sentence")


def test_a_hash_made_with_old_parameters_is_renewed_at_the_next_sign_in(app: App) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=GOOD)
    document = app.ports.documents.get("users", "asha")
    assert document is not None
    weak = passwords.hash_password(GOOD, PasswordCost(passes=1, memory_kib=8))
    app.ports.documents.put("users", "asha", document.data | {"hash": weak})
    accounts.sign_in_with_password(replace(app.ports, password_cost=PASSWORD_COST), "asha", GOOD)
    renewed = app.ports.documents.get("users", "asha")
    assert renewed is not None
    assert not passwords.needs_rehash(renewed.data["hash"], PASSWORD_COST)
    assert passwords.needs_rehash(weak, PASSWORD_COST)


def test_a_hash_of_argon2_cffi_is_verified_and_not_renewed() -> None:
    cost = PasswordCost(passes=1, memory_kib=8)
    hashed = "$argon2id$v=19$m=8,t=1,p=1$EsVHYIAFhAVoIqMW4L6cjg$gC8xhS3tKnXtfmOm0hBF/cWujJVOhmjNIhgHV6UuOSM"
    assert passwords.verify_password(hashed, GOOD, cost)
    assert not passwords.verify_password(hashed, GOOD + "!", cost)
    assert not passwords.needs_rehash(hashed, cost)


@pytest.mark.parametrize("hashed", ["", "no hash", "$argon2id$v=19$m=1,t=0,p=1$c2FsdHNhbHQ$aGFzaA", None])
def test_what_is_no_hash_matches_no_password(hashed: str | None) -> None:
    assert not passwords.verify_password(hashed, GOOD, PasswordCost(passes=1, memory_kib=8))


def test_what_the_product_builds_hashes_passwords_as_owasp_recommends(tmp_path: Path) -> None:
    with open_app(Settings(home=tmp_path, samples=False, threads=1), rates=False) as app:
        accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=GOOD)
        document = app.ports.documents.get("users", "asha")
    assert document is not None
    assert document.data["hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_missing_user_is_not_found(app: App) -> None:
    for act in (
        accounts.get_user,
        accounts.enable_account,
        accounts.reset_password,
        accounts.assign_account,
        accounts.account_history,
    ):
        with pytest.raises(NotFound):
            act(app.ports, "nobody")


def test_a_token_opens_its_store_until_it_is_revoked(app: App) -> None:
    token, text = store_credentials.issue_store_token(app.ports, "IN", "MUM01", "front", "boss")
    checked = store_credentials.check_store_token(app.ports, text)
    assert checked is not None
    assert (checked.region, checked.store_id, checked.last_used) == ("IN", "MUM01", "2026-07-01")
    store_credentials.revoke_store_token(app.ports, token.id, "boss")
    assert store_credentials.check_store_token(app.ports, text) is None
    assert [one.revoked for one in store_credentials.find_store_tokens(app.ports)] == [True]


def test_a_token_is_kept_as_a_hash_and_nothing_like_it_opens(app: App) -> None:
    token, text = store_credentials.issue_store_token(app.ports, "IN", "MUM01", "front", "boss")
    stored = app.ports.documents.get(store_credentials.STORE_TOKENS.name, token.id)
    assert stored is not None
    assert text.removeprefix(f"till_{token.id}_") not in str(stored.data)
    other = text[:-1] + ("A" if text[-1] != "A" else "B")
    for wrong in ("", other, text[5:], f"till_{token.id}_", token.id):
        assert store_credentials.check_store_token(app.ports, wrong) is None


def test_a_token_needs_a_store_and_a_region(app: App) -> None:
    with pytest.raises(Rejected, match="one store"):
        store_credentials.issue_store_token(app.ports, "IN", " ", "front", "boss")
