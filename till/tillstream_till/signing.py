"""Signatures of messages: Ed25519 over the exact bytes of the payload."""

import base64
from collections.abc import Callable

from tillstream_till.errors import SetupError

Sign = Callable[[bytes], str]
"""Takes a payload and returns its signature as base64url without padding; empty if the store has no key."""


def signer(private_key: str) -> Sign:
    """Return the function that signs with a private key of 32 bytes, base64url. Raises `SetupError`."""
    if not private_key:
        return lambda _: ""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        raw = base64.urlsafe_b64decode(private_key + "=" * (-len(private_key) % 4))
        key = Ed25519PrivateKey.from_private_bytes(raw)
    except ValueError as error:
        raise SetupError("The private key of the setup is damaged. Create a new setup code in the portal.") from error

    def sign(payload: bytes) -> str:
        return base64.urlsafe_b64encode(key.sign(payload)).rstrip(b"=").decode()

    return sign
