"""Tokens that another house signed (a proxy, a broker): held against the keys that it publishes."""

import json
import random
import threading
import time
from typing import Any
from urllib.request import urlopen

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from tillstream.domain.errors import Rejected, Unavailable

KEPT = 3_600.0
"""Seconds after which keys are asked for again."""
OLDEST = 86_400.0
"""So long keys that are known stay good while no newer ones can be had."""
SOONEST = 60.0
"""Seconds between two looks, where one found no such key or nobody there: neither may make us ask without end."""
LEEWAY = 30
TRIES, DEADLINE = 3, 5.0


class NotSigned(Rejected):
    """Another one signed it, it is meant for others, or its time is over."""


class Signer:
    """A house that signs tokens: its names, its algorithm, and where its keys are published. Safe in threads."""

    def __init__(self, issuers: tuple[str, ...], algorithm: str, address: str) -> None:
        self._issuers = issuers
        self._algorithm = algorithm
        self._address = address
        self._keys: KeySet | None = None
        self._read_at = self._tried_at = 0.0
        self._lock = threading.Lock()

    def claims(self, token: str, audience: str) -> dict[str, Any]:
        """What the token says. Raises `NotSigned`, and `Unavailable` where the keys cannot be had."""
        asked = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "values": list(self._issuers)},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        try:
            claims = self._decoded(token)
            asked.validate(claims)
        except (JoseError, ValueError) as error:
            raise NotSigned(f"The token does not hold: {error}.") from error
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._known(KEPT), [self._algorithm]).claims
        except InvalidKeyIdError:  # the house has changed its keys since, perhaps
            return jwt.decode(token, self._known(SOONEST), [self._algorithm]).claims

    def _known(self, oldest: float) -> KeySet:
        with self._lock:
            now = time.monotonic()
            if self._keys is None or (now - self._read_at > oldest and now - self._tried_at > SOONEST):
                self._tried_at = now
                try:
                    self._keys, self._read_at = _published(self._address), now
                except Unavailable:
                    if self._keys is None or now - self._read_at > OLDEST:
                        raise
            return self._keys


def _published(address: str) -> KeySet:
    for left in reversed(range(TRIES)):
        try:
            with urlopen(address, timeout=DEADLINE) as answer:  # noqa: S310 - an address of ours
                return KeySet.import_key_set(json.load(answer))
        except (OSError, ValueError, JoseError) as error:
            if not left:
                raise Unavailable(f"The keys at {address} cannot be had.") from error
            time.sleep(random.uniform(0.05, 0.3))  # noqa: S311 - jitter
    raise AssertionError
