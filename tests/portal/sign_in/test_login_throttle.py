"""Tries at a name wait longer and longer at an address, and do not lock the owner of the name out."""

import pytest
from flask import Flask
from visitor import PASSWORD, Visitor

from tillstream.app import App
from tillstream.model.errors import Conflict
from tillstream.model.permissions import Role
from tillstream.people import accounts, passwords
from tillstream.people.passwords import SignInOrigin, TooManyTries


def test_a_try_waits_if_its_count_cannot_be_written(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = []

    def overtaken(puts: object) -> None:
        lost.append(puts)
        raise Conflict("Another try was counted.")

    with monkeypatch.context() as patch:
        patch.setattr(app.ports.documents, "put_all", overtaken)
        with pytest.raises(TooManyTries, match="Wait a second"):
            passwords.count_sign_in_try(app.ports, "asha")
    assert len(lost) == passwords.MAX_COUNT_WRITES
    passwords.count_sign_in_try(app.ports, "asha")


def fail(visitor: Visitor, address: str, login: str = "asha") -> int:
    form = {"login": login, "password": "wrong"}
    return visitor.post("/sign-in", form, environ_base={"REMOTE_ADDR": address}).status_code


def signs_in(visitor: Visitor, address: str) -> bool:
    form = {"login": "asha", "password": PASSWORD}
    return visitor.post("/sign-in", form, environ_base={"REMOTE_ADDR": address}).status_code == 303


def test_who_knows_only_a_name_does_not_lock_its_owner_out(app: App, portal: Flask) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    other, owner = Visitor(portal.test_client()), Visitor(portal.test_client())
    codes = [fail(other, "192.0.2.7") for _ in range(passwords.FREE_TRIES + 1)]
    assert codes == [401] * passwords.FREE_TRIES + [429]
    assert signs_in(owner, "192.0.2.8")
    assert not signs_in(other, "192.0.2.7")


def test_a_known_device_passes_the_limits_of_its_name_and_of_its_address(app: App, portal: Flask) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    other, owner = Visitor(portal.test_client()), Visitor(portal.test_client())
    assert signs_in(owner, "192.0.2.8")
    owner.post("/sign-out")
    for number in range(passwords.FREE_TRIES_ANYWHERE):
        assert fail(other, f"198.51.100.{number}") == 401
    assert fail(other, "203.0.113.5") == 429, "guesses from many addresses"
    for _ in range(passwords.FREE_TRIES + 1):
        fail(other, "192.0.2.8")
    assert not signs_in(Visitor(portal.test_client()), "192.0.2.8")
    assert signs_in(owner, "192.0.2.8")


def test_a_known_device_has_a_limit_of_its_own_and_none_for_other_names(app: App, portal: Flask) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    owner = Visitor(portal.test_client())
    assert signs_in(owner, "192.0.2.8")
    owner.post("/sign-out")
    codes = [fail(owner, f"192.0.2.{number}") for number in range(10, 16)]
    assert codes == [401] * passwords.FREE_TRIES + [429]
    assert [fail(owner, "192.0.2.9", "boss") for _ in range(6)] == [401] * passwords.FREE_TRIES + [429]


def test_a_forged_cookie_is_no_known_device(app: App, portal: Flask) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    other = Visitor(portal.test_client())
    other.client.set_cookie("tillstream-device", "WyJhIixbImEiXV0.aaaaaa.bbbb", path="/sign-in")
    codes = [fail(other, "192.0.2.7") for _ in range(passwords.FREE_TRIES + 1)]
    assert codes[-1] == 429


def test_addresses_of_one_ipv6_network_count_together(app: App) -> None:
    for number in range(passwords.FREE_TRIES):
        passwords.count_sign_in_try(app.ports, "asha", SignInOrigin(f"2001:db8::{number}"))
    with pytest.raises(TooManyTries):
        passwords.count_sign_in_try(app.ports, "asha", SignInOrigin("2001:db8::ffff"))
    passwords.count_sign_in_try(app.ports, "asha", SignInOrigin("2001:db8:0:1::1"))
