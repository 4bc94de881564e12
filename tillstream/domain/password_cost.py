"""Cost of a password hash, for us and for an attacker who stole the hashes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PasswordCost:
    """Argon2id parameters. A stored hash contains its own, so a change applies to new hashes only."""

    passes: int = 2
    memory_kib: int = 19_456
    """OWASP's lower memory profile: concurrent sign-ins must leave DuckDB its memory."""


PASSWORD_COST = PasswordCost()
"""The cost in production."""
