"""Signatures of the calls of homes (RFC 9421, Ed25519): made by the home, checked by the head office, each call once.

The nonce is a number that grows with each request of a home, so a request that is delivered again is recognised.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tillstream.model.errors import Rejected
from tillstream.people import signatures
from tillstream.ports import Ports
from tillstream.sync import homes
from tillstream.sync.home_identity import HomeIdentity
from tillstream.sync.homes import Home
from tillstream.sync.refusals import REPEATED_REQUEST, Refused

SIGNATURE_HEADERS = DIGEST_HEADER, INPUT_HEADER, SIGNATURE_HEADER = "Content-Digest", "Signature-Input", "Signature"
_COVERED = '("@method" "@path" "content-digest")'
_PARAMETERS = re.compile(
    re.escape(_COVERED) + r';created=(?P<at>[0-9]{1,11});nonce="(?P<number>[0-9]{1,18})";keyid="(?P<home>[0-9a-f]{16})"'
    r';alg="ed25519"'
)
_SIGNATURE = re.compile(r"home=:(?P<text>[A-Za-z0-9+/]{86}==):")
_LABEL = "home="


@dataclass(frozen=True)
class CallSignature:
    """The signature of a request. home_id: of the home that it claims to be from. number: its nonce. at: when it was
    signed, by the clock of the home, UTC."""

    home_id: str
    number: int
    at: datetime
    parameters: str
    digest: str
    signature: str

    def is_valid(self, public_key: str, method: str, path: str, body: bytes) -> bool:
        if self.digest != content_digest(body):
            return False
        return signatures.is_valid_signature(
            public_key, _signature_base(method, path, self.digest, self.parameters), self.signature
        )


def signature_headers(
    own: HomeIdentity, method: str, path: str, body: bytes, number: int, at: datetime
) -> dict[str, str]:
    """The headers that sign a request. body: as it is sent. number: greater than that of any earlier request."""
    parameters = f'{_COVERED};created={int(at.timestamp())};nonce="{number}";keyid="{own.home_id}";alg="ed25519"'
    digest = content_digest(body)
    signature = signatures.sign_payload(own.private_key, _signature_base(method, path, digest, parameters))
    usual = signature.translate(str.maketrans("-_", "+/"))
    return {DIGEST_HEADER: digest, INPUT_HEADER: _LABEL + parameters, SIGNATURE_HEADER: f"{_LABEL}:{usual}==:"}


def read_signature(headers: Mapping[str, str]) -> CallSignature | None:
    """The signature in the headers of a request; None if there is none of this form."""
    text, signature = headers.get(INPUT_HEADER, ""), _SIGNATURE.fullmatch(headers.get(SIGNATURE_HEADER, ""))
    parameters = text.removeprefix(_LABEL)
    match = _PARAMETERS.fullmatch(parameters)
    if not match or not signature or not text.startswith(_LABEL):
        return None
    text = signature["text"].translate(str.maketrans("+/", "-_")).rstrip("=")
    at = datetime.fromtimestamp(int(match["at"]), UTC)
    return CallSignature(match["home"], int(match["number"]), at, parameters, headers.get(DIGEST_HEADER, ""), text)


def content_digest(body: bytes) -> str:
    """As in RFC 9530."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


def _signature_base(method: str, path: str, digest: str, parameters: str) -> bytes:
    lines = (
        f'"@method": {method}',
        f'"@path": {path}',
        f'"content-digest": {digest}',
        f'"@signature-params": {parameters}',
    )
    return "\n".join(lines).encode()


class NotAHome(Rejected):
    """The request has no valid signature of a home that may sync to this one."""


def claimed_home(ports: Ports, headers: Mapping[str, str]) -> tuple[Home, CallSignature]:
    """The home that a request claims to be from, before its content is read. Raises `NotAHome`."""
    signed = read_signature(headers)
    if signed is None:
        raise NotAHome("The request is not signed by a home. Send it with `tillstream sync --to`.")
    home = homes.find_home_by_id(ports, signed.home_id)
    if home is None:
        raise NotAHome(
            f"No home with the ID {signed.home_id} syncs to this one. An administrator here adds it with "
            "`tillstream sync homes add NAME KEY`; `tillstream sync init` in the home shows its key."
        )
    return home, signed


def check_call(ports: Ports, home: Home, signed: CallSignature, method: str, path: str, body: bytes) -> None:
    """Raise `NotAHome` unless the home signed exactly this request, and `Refused` if it is delivered again."""
    check_call_signature(home, signed, method, path, body)

    def counted(now: Home) -> Home:
        _check_call_number(now, signed)
        return replace(now, last_request=signed.number)

    homes.change_home(ports, home.name, counted)


def check_call_signature(home: Home, signed: CallSignature, method: str, path: str, body: bytes) -> None:
    """As `check_call`, without a note that the request was delivered."""
    if not signed.is_valid(home.public_key, method, path, body):
        raise NotAHome(f"The signature is not that of {home.name}, or the request was changed on its way.")
    _check_call_number(home, signed)


def _check_call_number(home: Home, signed: CallSignature) -> None:
    if signed.number <= home.last_request:
        raise Refused(REPEATED_REQUEST, "This request was delivered before.", {"last_request": home.last_request})
