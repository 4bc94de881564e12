"""A destination of files: an address, and references to the credentials that it needs."""

import re
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from tillstream.model.errors import Rejected

CLOUD_STORAGE, S3, SFTP, FOLDER = "gs", "s3", "sftp", ""
"""Schemes of addresses; a folder of this machine has none."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
LONGEST = 1_000
CREDENTIALS = ("password", "key", "passphrase", "access_key", "secret_key")
"""Fields that are references to credentials, never credentials."""
OF_SCHEME = {
    CLOUD_STORAGE: frozenset[str](),
    FOLDER: frozenset[str](),
    S3: frozenset({"region", "endpoint", "access_key", "secret_key"}),
    SFTP: frozenset({"user", "password", "key", "passphrase", "host_key"}),
}
"""Scheme → the fields that it can have besides name and address."""


@dataclass(frozen=True)
class DestinationDraft:
    """What an administrator enters.

    to: the path of a folder, gs://BUCKET/PREFIX, s3://BUCKET/PREFIX or sftp://HOST:PORT/FOLDER. user, password, key,
    passphrase, host_key: of an SFTP server. region, endpoint, access_key, secret_key: of S3; without keys and
    endpoint, the credentials of the machine count.
    """

    name: str
    to: str
    user: str = ""
    password: str = ""
    key: str = ""
    passphrase: str = ""
    host_key: str = ""
    region: str = ""
    endpoint: str = ""
    access_key: str = ""
    secret_key: str = ""

    @property
    def scheme(self) -> str:
        return self.to.partition("://")[0] if "://" in self.to else FOLDER

    def check(self) -> None:
        """Raise `Rejected` unless name, address and fields fit each other."""
        if not NAME.fullmatch(self.name):
            raise Rejected("The name of a destination has up to 40 small letters, digits and hyphens, such as bi-team.")
        if self.scheme not in OF_SCHEME or not 0 < len(self.to) <= LONGEST or not self.to.isprintable():
            raise Rejected(
                "Enter the path of a folder, or an address such as gs://BUCKET/PREFIX, s3://BUCKET/PREFIX or "
                "sftp://HOST/FOLDER."
            )
        others = [one for one in _fields() if getattr(self, one) and one not in OF_SCHEME[self.scheme]]
        if others:
            raise Rejected(f"This kind of destination has no {others[0].replace('_', ' ')}. Leave it empty.")
        if self.scheme:
            _check_address(self)

    def audited(self) -> dict[str, Any]:
        """What the audit log shows; credentials are references."""
        return {one: getattr(self, one) for one in ("to", *_fields()) if getattr(self, one)}


@dataclass(frozen=True)
class Destination(DestinationDraft):
    """added_at: ISO 8601 UTC text."""

    added_by: str = ""
    added_at: str = ""


def _fields() -> tuple[str, ...]:
    return tuple(one.name for one in fields(DestinationDraft) if one.name not in ("name", "to"))


def _check_address(draft: DestinationDraft) -> None:
    parts = urlsplit(draft.to)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if not parts.hostname or port == 0:
        raise Rejected(f"“{draft.to}” has no host or bucket, or a port that is not valid.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Rejected("The address has no user name or password, and nothing after ? or #.")
    if draft.scheme == SFTP and not (draft.user and (draft.password or draft.key)):
        raise Rejected("An SFTP server needs a user, and a password or a private key.")
    endpoint = urlsplit(draft.endpoint)
    if draft.endpoint and (endpoint.scheme not in ("http", "https") or not endpoint.hostname or endpoint.username):
        raise Rejected("The endpoint is an address such as https://storage.example.com, or empty for Amazon S3.")
    if bool(draft.access_key) != bool(draft.secret_key):
        raise Rejected("Set both the access key and the secret key, or neither to use the role of this machine.")
    if draft.endpoint and not draft.access_key:
        raise Rejected(
            "With an endpoint, set an access key and a secret key. The role of this machine is for Amazon only."
        )
