"""Signatures of requests: HTTP message signatures (RFC 9421) with Ed25519 over method, path and digest of the content.

The nonce is a number that grows with each request of a home, so a request that is delivered again is recognised.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tillstream.people import signatures
from tillstream.sync.identity import Identity

HEADERS = DIGEST, INPUT, SIGNATURE = "Content-Digest", "Signature-Input", "Signature"
_COVERED = '("@method" "@path" "content-digest")'
_PARAMETERS = re.compile(
    re.escape(_COVERED) + r';created=(?P<at>[0-9]{1,11});nonce="(?P<number>[0-9]{1,18})";keyid="(?P<home>[0-9a-f]{16})"'
    r';alg="ed25519"'
)
_SIGNATURE = re.compile(r"home=:(?P<text>[A-Za-z0-9+/]{86}==):")
_LABEL = "home="


@dataclass(frozen=True)
class Signed:
    """The signature of a request. home_id: of the home that it claims to be from. number: its nonce. at: when it was
    signed, by the clock of the home, UTC."""

    home_id: str
    number: int
    at: datetime
    parameters: str
    digest: str
    signature: str

    def is_valid(self, public_key: str, method: str, path: str, body: bytes) -> bool:
        if self.digest != digest_of(body):
            return False
        return signatures.is_valid_signature(
            public_key, _base(method, path, self.digest, self.parameters), self.signature
        )


def headers(own: Identity, method: str, path: str, body: bytes, number: int, at: datetime) -> dict[str, str]:
    """The headers that sign a request. body: as it is sent. number: greater than that of any earlier request."""
    parameters = f'{_COVERED};created={int(at.timestamp())};nonce="{number}";keyid="{own.home_id}";alg="ed25519"'
    digest = digest_of(body)
    signature = signatures.sign_payload(own.private_key, _base(method, path, digest, parameters))
    usual = signature.translate(str.maketrans("-_", "+/"))
    return {DIGEST: digest, INPUT: _LABEL + parameters, SIGNATURE: f"{_LABEL}:{usual}==:"}


def read(headers: Mapping[str, str]) -> Signed | None:
    """The signature in the headers of a request; None if there is none of this form."""
    text, signature = headers.get(INPUT, ""), _SIGNATURE.fullmatch(headers.get(SIGNATURE, ""))
    parameters = text.removeprefix(_LABEL)
    match = _PARAMETERS.fullmatch(parameters)
    if not match or not signature or not text.startswith(_LABEL):
        return None
    text = signature["text"].translate(str.maketrans("+/", "-_")).rstrip("=")
    at = datetime.fromtimestamp(int(match["at"]), UTC)
    return Signed(match["home"], int(match["number"]), at, parameters, headers.get(DIGEST, ""), text)


def digest_of(body: bytes) -> str:
    """As in RFC 9530."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


def _base(method: str, path: str, digest: str, parameters: str) -> bytes:
    lines = (
        f'"@method": {method}',
        f'"@path": {path}',
        f'"content-digest": {digest}',
        f'"@signature-params": {parameters}',
    )
    return "\n".join(lines).encode()
