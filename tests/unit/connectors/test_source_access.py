"""Which addresses, folders and credentials connectors may use."""

from pathlib import Path

import pytest

from tillstream.adapters.local.clock import ManualClock
from tillstream.adapters.local.secrets import FolderSecrets
from tillstream.connectors.access import PrivateHosts, SourceAccess
from tillstream.model.errors import Rejected, Unavailable
from tillstream.ports.machine import Secrets


def access(
    clock: ManualClock, private: str = "", folders: tuple[Path, ...] = (), secrets: Secrets | None = None
) -> SourceAccess:
    return SourceAccess(clock, {"file": secrets} if secrets else {}, PrivateHosts.parse(private), folders)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.1.2.3", "::1", "::ffff:10.0.0.1", "127.1", "2130706433"]
)
def test_an_address_of_the_own_network_is_refused(clock: ManualClock, host: str) -> None:
    with pytest.raises(Rejected, match="TILLSTREAM_CONNECT_PRIVATE"):
        access(clock).check_host(host, 22)


def test_a_network_or_a_name_can_be_allowed(clock: ManualClock) -> None:
    allowed = access(clock, "10.1.0.0/16, LocalHost")
    assert allowed.check_host("10.1.2.3", 22) == "10.1.2.3"
    assert allowed.check_host("localhost", 22) in {"127.0.0.1", "::1"}
    for host in ("10.2.0.1", "127.0.0.1"):
        with pytest.raises(Rejected):
            allowed.check_host(host, 22)


@pytest.mark.parametrize("host", ["169.254.169.254", "fe80::1", "0.0.0.0", "fd00:ec2::254", "168.63.129.16"])
def test_the_address_of_cloud_credentials_cannot_be_allowed(clock: ManualClock, host: str) -> None:
    with pytest.raises(Rejected):
        access(clock, f"{host}, 0.0.0.0/0, ::/0").check_host(host, 80)


def test_a_public_address_is_allowed_and_a_host_without_one_is_unavailable(clock: ManualClock) -> None:
    assert access(clock).check_host("8.8.8.8", 443) == "8.8.8.8"
    with pytest.raises(Unavailable):
        access(clock).check_host("does-not-exist.invalid", 443)


def test_only_folders_of_the_setting_are_read(clock: ManualClock, tmp_path: Path) -> None:
    allowed, link = tmp_path / "allowed", tmp_path / "allowed" / "link"
    allowed.mkdir()
    link.symlink_to(tmp_path)
    access(clock, folders=(allowed,)).check_file(str(allowed / "a" / "b.csv"))
    for path in (tmp_path / "b.csv", allowed / ".." / "b.csv", link / "b.csv"):
        with pytest.raises(Rejected, match="TILLSTREAM_CONNECT_FOLDERS"):
            access(clock, folders=(allowed,)).check_file(str(path))
    with pytest.raises(Rejected):
        access(clock).check_file(str(allowed / "b.csv"))


def test_a_credential_is_read_by_reference_and_hidden_in_messages(clock: ManualClock, tmp_path: Path) -> None:
    (tmp_path / "erp").write_text("correct horse\n")
    opened = access(clock, secrets=FolderSecrets(tmp_path))
    assert opened.credential("") == ""
    assert opened.credential("file:erp") == "correct horse"
    assert opened.redact("login correct horse failed") == "login ••• failed"
    assert opened.redact("subject \x1b[31mred\nnext") == "subject \ufffd[31mred\nnext"
    assert "horse" not in repr(opened)
    for reference in ("erp", "secret:tillstream-source-erp", "file:../erp"):
        with pytest.raises(Rejected):
            opened.credential(reference)
