"""Password hashing and strength rules; the only module that uses Argon2."""

import re
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tillstream.domain.errors import Rejected
from tillstream.domain.password_cost import PasswordCost

MIN_LENGTH, MAX_LENGTH = 15, 256
"""NIST SP 800-63B-4, 3.1.1.2: at least 15 characters where the password may be the only factor, no composition
rules, no expiry, and a blocklist of common passwords."""
PRODUCT = "tillstream"
SCORED_LENGTH = 72
MIN_GUESSES_LOG10 = 10
"""log10 of the guesses that a password must withstand."""
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that are not mistaken for each other."""


@cache
def _hasher(cost: PasswordCost) -> PasswordHasher:
    return PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1)


@cache
def _dummy_hash(cost: PasswordCost) -> str:
    return _hasher(cost).hash(secrets.token_hex(16))


def generate() -> str:
    """Generate a password: four groups of five letters and digits, 99 bits, easy to read aloud."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))


def hashed(password: str, cost: PasswordCost) -> str:
    return _hasher(cost).hash(password)


def verify(hash_: str | None, password: str, cost: PasswordCost) -> bool:
    """Whether the password matches the hash. Without a hash: False, after the same work."""
    if len(password) > MAX_LENGTH:
        password = ""
    try:
        return _hasher(cost).verify(hash_ or _dummy_hash(cost), password) and hash_ is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(hash_: str, cost: PasswordCost) -> bool:
    """Whether the hash uses other parameters than `cost`."""
    return _hasher(cost).check_needs_rehash(hash_)


def check_strength(password: str, login: str, name: str = "") -> str:
    """Return the password if it is strong enough. Raises `Rejected` with the reason."""
    if len(password) < MIN_LENGTH:
        raise Rejected(
            f"The password has {len(password)} characters, but needs at least {MIN_LENGTH}. Four or five unrelated "
            "words are easy to remember."
        )
    if len(password) > MAX_LENGTH:
        raise Rejected(f"The password has more than {MAX_LENGTH} characters.")
    if any(word in password.casefold() for word in (login, PRODUCT) if word):
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

    user_inputs = [login, *re.split(r"[^a-z0-9]+", f"{login} {name}".casefold()), PRODUCT]
    # Its run time grows with the length, and a password with a strong beginning is strong.
    return float(zxcvbn(password[:SCORED_LENGTH], user_inputs=user_inputs)["guesses_log10"])
