"""The address of a head office: encrypted, or in a private network with a warning."""

from collections.abc import Callable

import pytest

from tillstream.model.errors import Rejected, Unavailable
from tillstream.sync.http import remote_office


def at(ip: str) -> Callable[[str, int], str]:
    return lambda _host, _port: ip


def unknown(host: str, port: int) -> str:
    raise Unavailable(f"{host} has no address.")


@pytest.mark.parametrize("ip", ["127.0.0.1", "10.1.2.3", "192.168.4.5", "::1"])
def test_a_private_network_needs_no_encryption(ip: str) -> None:
    assert remote_office.check_allowed_address("http://office:8000/", at(ip)) == "http://office:8000"


@pytest.mark.parametrize("url", ["http://sales.example.com", "http://8.8.8.8:8000"])
def test_without_encryption_a_public_address_is_refused_with_the_reason(url: str) -> None:
    with pytest.raises(Rejected, match="others could read them without encryption"):
        remote_office.check_allowed_address(url, at("8.8.8.8"))


def test_an_encrypted_address_is_not_looked_up() -> None:
    assert remote_office.check_allowed_address("https://sales.example.com/", unknown) == "https://sales.example.com"


def test_a_name_that_cannot_be_looked_up_now_is_checked_later() -> None:
    assert remote_office.check_allowed_address("http://office.lan", unknown) == "http://office.lan"
