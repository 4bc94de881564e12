"""Ed25519 signatures of messages: key pairs, signing, and verification. Keys and signatures are base64url text."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_BYTES, SIGNATURE_BYTES = 32, 64


def new_key_pair() -> tuple[str, str]:
    """A new private key and its public key."""
    private = Ed25519PrivateKey.generate()
    return encode_base64url(private.private_bytes_raw()), encode_base64url(private.public_key().public_bytes_raw())


def sign_payload(private_key: str, payload: bytes) -> str:
    """The signature of exactly these bytes."""
    return encode_base64url(Ed25519PrivateKey.from_private_bytes(_decode_base64url(private_key)).sign(payload))


def is_valid_signature(public_key: str, payload: bytes, signature: str) -> bool:
    """Whether the signature is that of exactly these bytes; False if it is not a signature at all."""
    try:
        Ed25519PublicKey.from_public_bytes(_decode_base64url(public_key)).verify(_decode_base64url(signature), payload)
    except (InvalidSignature, ValueError):
        return False
    return True


def check_public_key(text: str) -> None:
    """Raise `ValueError` unless the text is a public key."""
    Ed25519PublicKey.from_public_bytes(_decode_base64url(text))


def encode_base64url(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode_base64url(text: str) -> bytes:
    """Raises `ValueError`, also for characters outside the alphabet and for text with padding."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(str(error)) from error
    if encode_base64url(raw) != text:  # the last character has unused bits: one signature must have one text
        raise ValueError("not the usual form of base64url")
    return raw
