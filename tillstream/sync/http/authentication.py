"""Which home sent a request: by its signature, each request once."""

from collections.abc import Mapping
from dataclasses import replace

from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.sync import homes
from tillstream.sync.homes import Home
from tillstream.sync.http import signing
from tillstream.sync.http.signing import Signed
from tillstream.sync.refusals import REPEATED, Refused


class NotAHome(Rejected):
    """The request has no valid signature of a home that may sync to this one."""


def claimed(ports: Ports, headers: Mapping[str, str]) -> tuple[Home, Signed]:
    """The home that a request claims to be from, before its content is read. Raises `NotAHome`."""
    signed = signing.read(headers)
    if signed is None:
        raise NotAHome("The request is not signed by a home. Send it with `tillstream sync --to`.")
    home = homes.of_id(ports, signed.home_id)
    if home is None:
        raise NotAHome(
            f"No home with the ID {signed.home_id} syncs to this one. An administrator here adds it with "
            "`tillstream sync homes add NAME KEY`; `tillstream sync init` in the home shows its key."
        )
    return home, signed


def check(ports: Ports, home: Home, signed: Signed, method: str, path: str, body: bytes) -> None:
    """Raise `NotAHome` unless the home signed exactly this request, and `Refused` if it is delivered again."""
    check_signature(home, signed, method, path, body)

    def counted(now: Home) -> Home:
        _check_number(now, signed)
        return replace(now, last_request=signed.number)

    homes.change(ports, home.name, counted)


def check_signature(home: Home, signed: Signed, method: str, path: str, body: bytes) -> None:
    """As `check`, without a note that the request was delivered."""
    if not signed.is_valid(home.public_key, method, path, body):
        raise NotAHome(f"The signature is not that of {home.name}, or the request was changed on its way.")
    _check_number(home, signed)


def _check_number(home: Home, signed: Signed) -> None:
    if signed.number <= home.last_request:
        raise Refused(REPEATED, "This request was delivered before.", {"last_request": home.last_request})
