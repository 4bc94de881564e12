"""The people room's passwords: the one owner of Argon2."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tillstream.domain.errors import Rejected

SHORTEST, LONGEST = 12, 256
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without the letters that people mistake for each other."""


@cache
def _hasher() -> PasswordHasher:
    # OWASP's lower memory profile: many sign-ins at once must not take the memory that DuckDB counts on.
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_hex(16))


def generate() -> str:
    """Four groups of five letters and digits: 99 bits that can be read aloud."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))


def hashed(password: str) -> str:
    return _hasher().hash(password)


def matches(known: str | None, password: str) -> bool:
    """Whether the password is the hashed one; without a hash the same work is done, and the answer is no."""
    if len(password) > LONGEST:
        password = ""
    try:
        return _hasher().verify(known or _nobody(), password) and known is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(known: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(known)


def good(password: str, login: str) -> str:
    """The password itself, or `Rejected` with what is wrong with it."""
    if len(password) < SHORTEST:
        raise Rejected(f"The password has {len(password)} characters; it needs at least {SHORTEST}.")
    if len(password) > LONGEST:
        raise Rejected(f"The password has more than {LONGEST} characters.")
    if login in password.casefold() or len(set(password)) < 5:
        raise Rejected("The password is too easy to guess: leave out the sign-in name and use more different letters.")
    return password
