"""Addresses that a webhook may have."""

import pytest

from tillstream.delivery.outbound_addresses import check_url, resolve_target
from tillstream.model.errors import Rejected

PRIVATE = [
    "127.0.0.1",
    "10.0.0.5",
    "192.168.1.1",
    "172.16.0.1",
    "100.64.0.1",
    "[::1]",
    "[fd00::1]",
    "[::ffff:10.0.0.5]",
]
NEVER = ["169.254.169.254", "[fe80::1]", "0.0.0.0", "224.0.0.1", "[::ffff:169.254.169.254]"]


@pytest.mark.parametrize("host", [*PRIVATE, *NEVER, "[64:ff9b::a00:5]", "[2002:a00:5::1]", "2130706433", "0x7f.1"])
def test_a_private_address_is_rejected(host: str) -> None:
    for check in (check_url, resolve_target):
        with pytest.raises(Rejected):
            check(f"https://{host}/", private=False)


@pytest.mark.parametrize("host", PRIVATE)
def test_the_setting_allows_private_addresses_also_over_http(host: str) -> None:
    assert resolve_target(f"http://{host}:8000/x?y=1", private=True).path == "/x?y=1"


@pytest.mark.parametrize("host", NEVER)
def test_the_address_of_cloud_credentials_is_never_allowed(host: str) -> None:
    with pytest.raises(Rejected):
        resolve_target(f"http://{host}/", private=True)
    with pytest.raises(Rejected):
        check_url(f"http://{host}/", private=True)


def test_a_public_address_is_allowed() -> None:
    assert resolve_target("https://8.8.8.8", private=False).port == 443


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "http://example.com",
        "https://user:secret@example.com",
        "https://example.com:0",
        "https://example.com:99999",
        "https://example.com/#part",
        "https://example.com/a b",
        "https://example.com/\r\nx: y",
        "https://" + "a" * 1_000,
        "https://münchen.example",
    ],
)
def test_what_is_no_address_of_a_webhook_is_rejected(url: str) -> None:
    with pytest.raises(Rejected):
        check_url(url, private=False)
