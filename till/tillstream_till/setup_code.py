"""The setup code: one line of text from the portal that connects a till with its store."""

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from tillstream_till.errors import SetupError
from tillstream_till.schema_check import JsonObject

PREFIX = "tillsetup_"
PUBSUB = "pubsub"
_HERE = {"localhost", "127.0.0.1", "::1"}
_REQUIRED = ("url", "region", "store_id", "token", "till")


@dataclass(frozen=True)
class Setup:
    """What a till needs to send the sales of one store.

    url: address of the portal, or `pubsub://PROJECT/TOPIC`. key, private_key: empty if the store has no key.
    cutoff: the time at which a business day ends, `HH:MM`.
    """

    url: str
    region: str
    store_id: str
    token: str
    till: str
    key: str = ""
    private_key: str = ""
    cutoff: str = "00:00"

    def as_dict(self) -> JsonObject:
        return asdict(self)


def decode(code: str) -> Setup:
    """Return the setup of a setup code. Raises `SetupError`."""
    text = "".join(code.split())
    if not text.startswith(PREFIX):
        raise SetupError(f"A setup code begins with {PREFIX}. Copy it whole from the portal.")
    encoded = text.removeprefix(PREFIX)
    try:
        values = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except ValueError as error:
        raise SetupError("The setup code is incomplete. Copy it whole from the portal.") from error
    return from_dict(values)


def encode(setup: Setup) -> str:
    """Return the setup code of a setup."""
    text = json.dumps({name: value for name, value in setup.as_dict().items() if value})
    return PREFIX + base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def from_dict(values: Any) -> Setup:
    """Return the setup with these values; unknown names are ignored. Raises `SetupError`."""
    names = Setup.__dataclass_fields__
    if not isinstance(values, dict) or not all(isinstance(values.get(name, ""), str) for name in names):
        raise SetupError("The setup code has values of a wrong type. Create a new one in the portal.")
    missing = [name for name in _REQUIRED if not values.get(name)]
    if missing:
        raise SetupError(f"The setup code lacks {', '.join(missing)}. Create a new one in the portal.")
    if bool(values.get("key")) != bool(values.get("private_key")):
        raise SetupError("The setup code has only one half of the store's key. Create a new one in the portal.")
    return Setup(**{name: values[name] for name in names if name in values})


def check_address(url: str, *, allow_http: bool) -> None:
    """Raise `SetupError` for an address that would send the token unencrypted over a network."""
    parts = urlsplit(url)
    if parts.scheme == PUBSUB and parts.netloc and parts.path.strip("/"):
        return
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SetupError(f"{url} is not an address of a portal, such as https://sales.example.com.")
    if parts.scheme == "http" and parts.hostname not in _HERE and not allow_http:
        raise SetupError(f"{url} is not encrypted. Use an https address, or --allow-http in a network that you trust.")
