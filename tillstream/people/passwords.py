"""Passwords: the one owner of Argon2."""

import re
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tillstream.domain.errors import Rejected
from tillstream.domain.password_cost import PasswordCost

SHORTEST, LONGEST = 15, 256
"""NIST SP 800-63B-4, 3.1.1.2: at least 15 characters where the password may be all that is asked, no rules of
composition, no expiry, and a list of known ones that are refused."""
PRODUCT = "tillstream"
MATCHED = 72
EASY = 10
"""Powers of ten: what is guessed in fewer tries than this is refused."""
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without the letters that people mistake for each other."""


@cache
def _hasher(cost: PasswordCost) -> PasswordHasher:
    return PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1)


@cache
def _nobody(cost: PasswordCost) -> str:
    return _hasher(cost).hash(secrets.token_hex(16))


def generate() -> str:
    """Four groups of five letters and digits: 99 bits that can be read aloud."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))


def hashed(password: str, cost: PasswordCost) -> str:
    return _hasher(cost).hash(password)


def matches(known: str | None, password: str, cost: PasswordCost) -> bool:
    """Whether the password is the hashed one; without a hash the same work is done, and the answer is no."""
    if len(password) > LONGEST:
        password = ""
    try:
        return _hasher(cost).verify(known or _nobody(cost), password) and known is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(known: str, cost: PasswordCost) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher(cost).check_needs_rehash(known)


def good(password: str, login: str, name: str = "") -> str:
    """The password itself, or `Rejected` with what is wrong with it."""
    if len(password) < SHORTEST:
        raise Rejected(
            f"The password has {len(password)} characters; it needs at least {SHORTEST}. Four or five words that do "
            "not belong together are easy to keep."
        )
    if len(password) > LONGEST:
        raise Rejected(f"The password has more than {LONGEST} characters.")
    if any(word in password.casefold() for word in (login, PRODUCT) if word):
        raise Rejected("The password is too easy to guess: leave out the sign-in name and the name of the product.")
    if _guesses(password, login, name) < EASY:
        raise Rejected(
            "The password is too easy to guess: it is among those that are tried first, or made of them, or repeats "
            "itself. Take words that do not belong together."
        )
    return password


def _guesses(password: str, login: str, name: str) -> float:
    """How many tries a guesser needs who knows the commonest passwords, words, names and keyboards; a power of ten."""
    from zxcvbn import zxcvbn  # 30,000 passwords and more words: only for who chooses one

    known = [login, *re.split(r"[^a-z0-9]+", f"{login} {name}".casefold()), PRODUCT]
    # Its work grows with the length, and what is long and hard to guess at its beginning is hard to guess.
    return float(zxcvbn(password[:MATCHED], user_inputs=known)["guesses_log10"])
