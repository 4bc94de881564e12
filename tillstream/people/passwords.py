"""Passwords: hashing with Argon2, rules of their strength, and the throttle of guesses.

The throttle counts the tries for a sign-in name at an address, and allows more for the name anywhere. So tries of a
stranger do not lock the owner out: at another address they do not count, and a device where the owner has signed in
before has a count of its own.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from tillstream.model.errors import Conflict, Rejected
from tillstream.model.people import PasswordCost
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document

MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 15, 256
"""NIST SP 800-63B-4, 3.1.1.2: at least 15 characters where the password may be the only factor, no composition
rules, no expiry, and a blocklist of common passwords."""
PRODUCT_NAME = "tillstream"
SCORED_LENGTH = 72
MIN_GUESSES_LOG10 = 10
"""log10 of the guesses that a password must withstand."""
SALT_BYTES, HASH_BYTES = 16, 32
"""As RFC 9106, 4 recommends."""
READABLE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that are not mistaken for each other."""

TRIES_COLLECTION = "sign_in_tries"
FREE_TRIES = 5
FREE_TRIES_ANYWHERE = 50
"""Tries at one name from all addresses together, against guesses from many addresses."""
MAX_WAIT_SECONDS = 300
MAX_TRY_DOCUMENTS = 10_000
"""Documents kept at most: anybody can try any number of unknown names, so the oldest are deleted."""
MAX_COUNT_WRITES = 20
"""Attempts to write one count; concurrent tries beyond them wait."""


@cache
def _dummy_hash(cost: PasswordCost) -> str:
    return hash_password(secrets.token_hex(16), cost)


def generate_password() -> str:
    """Generate a password: four groups of five letters and digits, 99 bits, easy to read aloud."""
    return "-".join("".join(secrets.choice(READABLE_LETTERS) for _ in range(5)) for _ in range(4))


def hash_password(password: str, cost: PasswordCost) -> str:
    """The hash of Argon2id, as text with its parameters and a random salt."""
    salt = secrets.token_bytes(SALT_BYTES)
    kdf = Argon2id(salt=salt, length=HASH_BYTES, iterations=cost.passes, lanes=1, memory_cost=cost.memory_kib)
    return kdf.derive_phc_encoded(password.encode())


def verify_password(hash_: str | None, password: str, cost: PasswordCost) -> bool:
    """Whether the password matches the hash. Without a hash: False, after the same work."""
    if len(password) > MAX_PASSWORD_LENGTH:
        password = ""
    try:
        Argon2id.verify_phc_encoded(password.encode(), hash_ or _dummy_hash(cost))
    except (InvalidKey, ValueError):
        return False
    return hash_ is not None


def needs_rehash(hash_: str, cost: PasswordCost) -> bool:
    """Whether the hash uses other parameters than `cost`."""
    return not hash_.startswith(f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p=1$")


def check_password_strength(password: str, login: str, name: str = "") -> str:
    """Return the password if it is strong enough. Raises `Rejected` with the reason."""
    if len(password) < MIN_PASSWORD_LENGTH:
        raise Rejected(
            f"The password has {len(password)} characters, but needs at least {MIN_PASSWORD_LENGTH}. Four or five "
            "unrelated "
            "words are easy to remember."
        )
    if len(password) > MAX_PASSWORD_LENGTH:
        raise Rejected(f"The password has more than {MAX_PASSWORD_LENGTH} characters.")
    if any(word in password.casefold() for word in (login, PRODUCT_NAME) if word):
        raise Rejected("The password is too easy to guess. It must not contain the sign-in name or the product name.")
    if _guesses_log10(password, login, name) < MIN_GUESSES_LOG10:
        raise Rejected(
            "The password is too easy to guess: it is a common password, is made of common passwords, or repeats "
            "itself. Use unrelated words."
        )
    return password


def _guesses_log10(password: str, login: str, name: str) -> float:
    """log10 of the guesses that zxcvbn estimates, from common passwords, words, names and keyboard patterns."""
    from zxcvbn import zxcvbn  # loads large word lists, so only when a password is chosen

    user_inputs = [login, *re.split(r"[^a-z0-9]+", f"{login} {name}".casefold()), PRODUCT_NAME]
    # Its run time grows with the length, and a password with a strong beginning is strong.
    return float(zxcvbn(password[:SCORED_LENGTH], user_inputs=user_inputs)["guesses_log10"])


class TooManyTries(Rejected):
    """`seconds`: the time until the next try is checked."""

    def __init__(self, seconds: int) -> None:
        span = "a second" if seconds == 1 else f"{seconds} seconds"
        super().__init__(f"Too many sign-in attempts for this name. Wait {span} and try again.")
        self.seconds = seconds


@dataclass(frozen=True)
class SignInOrigin:
    """Where a try comes from. device: identifies a device on which the owner of the name has signed in, if known."""

    address: str = ""
    device: str = ""

    def counts(self, login: str) -> list[tuple[str, int]]:
        """The counts of a try at a name: their ids, and the tries without a wait."""
        if self.device:
            return [(_try_id(f"{login}\n{self.device}"), FREE_TRIES)]
        if self.address:
            return [(_try_id(f"{login}\n{_network(self.address)}"), FREE_TRIES), (_try_id(login), FREE_TRIES_ANYWHERE)]
        return [(_try_id(login), FREE_TRIES)]


UNKNOWN_ORIGIN = SignInOrigin()


def _network(address: str) -> str:
    """The address; of IPv6 the network, in which anybody has any number of addresses."""
    try:
        return str(ip_network(f"{address}/64" if ":" in address else address, strict=False))
    except ValueError:
        return address


def _try_id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _wait_seconds(tries: int, free: int) -> int:
    # Cap the exponent too, or a long attack would compute huge powers of 2.
    return 0 if tries < free else min(MAX_WAIT_SECONDS, 2 ** min(tries - free + 1, 10))


def count_sign_in_try(ports: Ports, login: str, origin: SignInOrigin = UNKNOWN_ORIGIN) -> None:
    """Count a try before it is checked, so that concurrent tries all count. Raises `TooManyTries` while waiting."""
    for key, free in origin.counts(login):
        _count_key(ports, key, free)


def _count_key(ports: Ports, key: str, free: int) -> None:

    def counted(document: Document | None) -> Update:
        now = ports.clock.now().timestamp()
        tries, last = (int(document.data["tries"]), float(document.data["at"])) if document else (0, 0.0)
        left = last + _wait_seconds(tries, free) - now
        if left > 0:
            raise TooManyTries(max(1, round(left)))
        if now - last > 86_400:
            tries = 0
        return Update({"tries": tries + 1, "at": int(now)})

    try:
        count = update_document(ports.documents, TRIES_COLLECTION, key, counted, tries=MAX_COUNT_WRITES)
    except Conflict as error:
        raise TooManyTries(1) from error
    if count.version == 1:
        _delete_oldest_tries(ports)


def reset_tries(ports: Ports, login: str, origin: SignInOrigin = UNKNOWN_ORIGIN) -> None:
    """Reset the counts after a successful try, or for a new password."""
    for key in {_try_id(login), *(key for key, _ in origin.counts(login))}:
        ports.documents.delete(TRIES_COLLECTION, key)


def _delete_oldest_tries(ports: Ports) -> None:
    if ports.documents.count(TRIES_COLLECTION) > MAX_TRY_DOCUMENTS:
        for document in ports.documents.find(TRIES_COLLECTION, order_by="at", limit=MAX_TRY_DOCUMENTS // 10):
            ports.documents.delete(TRIES_COLLECTION, document.id)
