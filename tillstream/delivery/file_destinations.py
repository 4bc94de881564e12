"""The destinations of files, which administrators add and remove, and the names that files have there."""

import re
import unicodedata
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from tillstream.model.audit import AuditAction
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.records.collection import Collection

DEFAULT_PATTERN = "{name}-{date}"
PATTERN_FIELDS = ("name", "period", "date")
"""What a pattern has in braces: the name of the subscription, the days of the table, the day of the delivery."""
MAX_FILE_NAME = 100
_DAY = timedelta(days=1)
_PATTERN_FIELD = re.compile(r"\{([^{}]*)\}")
ALL_DAYS = "all-days"

DESTINATION_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MAX_ADDRESS = 1_000


@dataclass(frozen=True)
class DestinationField:
    """A field of a kind of destinations. is_reference: it names a credential, and never is one."""

    name: str
    label: str
    hint: str = ""
    is_reference: bool = False


@dataclass(frozen=True)
class DestinationKind:
    """What the addresses of a scheme name. address: an example. fields: those besides name and address. package: the
    library that it needs, and for what."""

    title: str
    address: str
    fields: tuple[DestinationField, ...] = ()
    package: tuple[str, str] | None = None


KINDS = {
    "": DestinationKind("Folder", "A folder"),
    "gs": DestinationKind("Cloud Storage", "gs://BUCKET/PREFIX"),
    "s3": DestinationKind(
        "S3",
        "s3://BUCKET/PREFIX",
        (
            DestinationField("region", "Region"),
            DestinationField("endpoint", "Endpoint", "The address of another store than Amazon’s, with https://."),
            DestinationField("access_key", "Access key", "Empty: the role of this machine.", is_reference=True),
            DestinationField("secret_key", "Secret key", is_reference=True),
        ),
        ("boto3", "A destination in S3"),
    ),
    "sftp": DestinationKind(
        "SFTP server",
        "sftp://HOST:PORT/FOLDER",
        (
            DestinationField("user", "User"),
            DestinationField("password", "Password", is_reference=True),
            DestinationField("key", "Private key", is_reference=True),
            DestinationField("passphrase", "Passphrase of the key", is_reference=True),
            DestinationField(
                "host_key", "Host key", "The fingerprint SHA256:… of the server. A test without it shows it."
            ),
        ),
        ("asyncssh", "A destination on an SFTP server"),
    ),
}
"""By the scheme of an address; a folder of this machine has none."""


def check_name_pattern(pattern: str) -> str:
    """The pattern without spaces around it, or the default one. Raises `Rejected`."""
    pattern = pattern.strip() or DEFAULT_PATTERN
    unknown = [one for one in _PATTERN_FIELD.findall(pattern) if one not in PATTERN_FIELDS]
    rest = _PATTERN_FIELD.sub("", pattern)
    if (
        unknown
        or set("{}/\\") & set(rest)
        or len(pattern) > MAX_FILE_NAME
        or not pattern.isprintable()
        or rest[:1] == "."
    ):
        raise Rejected(
            f"The name of a file has at most {MAX_FILE_NAME} characters, without / and \\, and contains no other "
            "parts in "
            "braces than {name}, {period} and {date}."
        )
    return pattern


def fill_file_name(pattern: str, name: str, first: date | None, last: date | None, day: date, suffix: str) -> str:
    """Such as stores-2026-06.csv. first, last: the days of the table; None: open. day: of the delivery."""
    values = {"name": file_slug(name), "period": period_text(first, last), "date": day.isoformat()}
    text = _plain_name(_PATTERN_FIELD.sub(lambda match: values[match[1]], check_name_pattern(pattern)), "._-")
    return f"{text.strip('-.') or file_slug(name)}.{suffix}"


def without_days(pattern: str, name: str, suffix: str) -> str:
    """The name with the same day for each period and date. Files of two names that are equal can replace each other."""
    return fill_file_name(pattern, name, date.min, date.min, date.min, suffix).casefold()


def with_stamp(name: str, stamp: str, id: str) -> str:
    """The name of a second file beside one with this name. stamp, id: of its run and its entry in the outbox, so that
    a retry has the same name."""
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}-{stamp}-{id[:8]}{dot}{suffix}"


def file_slug(name: str) -> str:
    """Small letters and digits of any script, and hyphens."""
    return _plain_name(name.casefold(), "").strip("-") or "table"


def period_text(first: date | None, last: date | None) -> str:
    """2026-06 for a month, 2026 for a year, a day, or first_last."""
    if first is None and last is None:
        return ALL_DAYS
    if first is None or last is None:
        return f"to-{last}" if last else f"from-{first}"
    if first == last:
        return first.isoformat()
    if first.day == 1 and (last + _DAY).day == 1:
        if (first.year, first.month) == (last.year, last.month):
            return f"{first:%Y-%m}"
        if first.month == 1 and last.month == 12 and first.year == last.year:
            return f"{first.year}"
    return f"{first}_{last}"


def _plain_name(text: str, kept: str) -> str:
    """Letters with their marks, digits and the characters of `kept`; a hyphen for others."""
    composed = unicodedata.normalize("NFC", text)
    plain = (one if one in kept or unicodedata.category(one)[0] in "LMN" else " " for one in composed)
    return re.sub(" +", "-", "".join(plain))


@dataclass(frozen=True)
class FileDestinationDraft:
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
        return self.to.partition("://")[0] if "://" in self.to else ""

    @property
    def kind(self) -> DestinationKind:
        return KINDS[self.scheme]

    def check(self) -> None:
        """Raise `Rejected` unless name, address and fields fit each other."""
        if not DESTINATION_NAME.fullmatch(self.name):
            raise Rejected("The name of a destination has up to 40 small letters, digits and hyphens, such as bi-team.")
        if self.scheme not in KINDS or not 0 < len(self.to) <= MAX_ADDRESS or not self.to.isprintable():
            *some, last = (kind.address for scheme, kind in KINDS.items() if scheme)
            raise Rejected(f"Enter the path of a folder, or an address such as {', '.join(some)} or {last}.")
        own = {one.name for one in self.kind.fields}
        others = [one for one in _fields() if getattr(self, one) and one not in own]
        if others:
            raise Rejected(f"This kind of destination has no {others[0].replace('_', ' ')}. Leave it empty.")
        if self.scheme:
            _check_destination_address(self)

    def audited(self) -> dict[str, Any]:
        """What the audit log shows; credentials are references."""
        return {one: getattr(self, one) for one in ("to", *_fields()) if getattr(self, one)}


@dataclass(frozen=True)
class FileDestination(FileDestinationDraft):
    """added_at: ISO 8601 UTC text."""

    added_by: str = ""
    added_at: str = ""


DESTINATIONS = Collection(
    "file_destinations", FileDestination, "destination", FileDestinationDraft.audited, limit=50, key="name"
)
find_destinations, get_destination = DESTINATIONS.find, DESTINATIONS.get


def _fields() -> tuple[str, ...]:
    return tuple(one.name for one in fields(FileDestinationDraft) if one.name not in ("name", "to"))


def _check_destination_address(draft: FileDestinationDraft) -> None:
    parts = urlsplit(draft.to)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if not parts.hostname or port == 0:
        raise Rejected(f"“{draft.to}” has no host or bucket, or a port that is not valid.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Rejected("The address has no user name or password, and nothing after ? or #.")
    if draft.scheme == "sftp" and not (draft.user and (draft.password or draft.key)):
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


def add_destination(ports: Ports, draft: FileDestinationDraft, by: str) -> FileDestination:
    """Add a destination without connecting to it. Raises `Rejected`."""
    draft.check()
    added_at = ports.clock.now().isoformat(timespec="seconds")
    destination = FileDestination(**asdict(draft), added_by=by, added_at=added_at)
    return DESTINATIONS.add(ports, destination, by, AuditAction.FILE_DESTINATION_ADDED)


def remove_destination(ports: Ports, name: str, by: str) -> FileDestination:
    """Remove a destination; what it has stays there, and its subscriptions are paused when they are due. Raises
    `NotFound`."""
    return DESTINATIONS.remove(ports, name, by, AuditAction.FILE_DESTINATION_REMOVED)
