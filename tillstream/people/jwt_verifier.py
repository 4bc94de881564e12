"""Verifies JWTs from external issuers (a proxy, an identity broker) against their published keys (JWKS)."""

import json
import random
import threading
import time
from urllib.error import HTTPError
from urllib.request import urlopen

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected, Unavailable

CACHE_SECONDS = 3_600.0
"""Seconds after which the keys are fetched again."""
MAX_STALE_SECONDS = 86_400.0
"""Seconds for which cached keys are used while they cannot be fetched."""
MIN_REFETCH_SECONDS = 60.0
"""Minimum seconds between two fetches, after an unknown key id or a failure, so that neither causes a flood of them."""
LEEWAY_SECONDS = 30
FETCH_TRIES, FETCH_DEADLINE = 3, 5.0


class InvalidToken(Rejected):
    """The signature, issuer, audience or lifetime of the token is invalid."""


class JWTVerifier:
    """A token issuer: its names, its algorithm and the address of its keys. Thread-safe."""

    def __init__(self, issuers: tuple[str, ...], algorithm: str, address: str) -> None:
        self._issuers = issuers
        self._algorithm = algorithm
        self._address = address
        self._keys: KeySet | None = None
        self._fetched_at = self._tried_at = 0.0
        self._lock = threading.Lock()

    def claims(self, token: str, audience: str) -> JsonObject:
        """Verify the token and return its claims. Raises `InvalidToken`, or `Unavailable` if no keys can be fetched."""
        required = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "values": list(self._issuers)},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        try:
            claims = self._decoded(token)
            required.validate(claims)
        except (JoseError, ValueError) as error:
            raise InvalidToken(f"The token is not valid: {error}.") from error
        return claims

    def _decoded(self, token: str) -> JsonObject:
        try:
            return jwt.decode(token, self._cached_keys(CACHE_SECONDS), [self._algorithm]).claims
        except InvalidKeyIdError:  # the issuer may have rotated its keys
            return jwt.decode(token, self._cached_keys(MIN_REFETCH_SECONDS), [self._algorithm]).claims

    def _cached_keys(self, max_age: float) -> KeySet:
        with self._lock:
            now = time.monotonic()
            if self._keys is None or (now - self._fetched_at > max_age and now - self._tried_at > MIN_REFETCH_SECONDS):
                self._tried_at = now
                try:
                    self._keys, self._fetched_at = _fetch_keys(self._address), now
                except Unavailable:
                    if self._keys is None or now - self._fetched_at > MAX_STALE_SECONDS:
                        raise
            return self._keys


def _fetch_keys(address: str) -> KeySet:
    for tries_left in reversed(range(FETCH_TRIES)):
        try:
            with urlopen(address, timeout=FETCH_DEADLINE) as response:  # noqa: S310 - an address of ours
                return KeySet.import_key_set(json.load(response))
        except (OSError, ValueError, JoseError) as error:
            if isinstance(error, HTTPError):
                error.close()
            if not tries_left:
                raise Unavailable(f"The keys at {address} cannot be loaded.") from error
            time.sleep(random.uniform(0.05, 0.3))  # noqa: S311 - jitter
    raise AssertionError
