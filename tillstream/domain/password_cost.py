"""How much work one guess of a password is, for us and for whoever stole the hashes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PasswordCost:
    """The parameters of Argon2id. A stored hash holds its own, so a change applies to the hashes made after it."""

    passes: int = 2
    memory_kib: int = 19_456
    """OWASP's lower memory profile: many sign-ins at once must not take the memory that DuckDB counts on."""


PASSWORD_COST = PasswordCost()
"""In production."""
