"""Two-factor sign-in: time-based codes (TOTP, RFC 6238) and recovery codes.

The only module that uses pyotp. The key is stored unencrypted, because the server computes the same codes from it, and
anybody who can read it can read the session secret as well (docs/adr/020-how-people-sign-in.md).
"""

import hashlib
import hmac
import secrets
from typing import Any

import pyotp

from tillstream.audit import AuditAction
from tillstream.domain.errors import Rejected
from tillstream.people import account_store, login_throttle
from tillstream.people.passwords import LETTERS
from tillstream.people.user import User
from tillstream.ports import Ports

STEP = 30
CLOCK_DRIFT = 1
"""Time steps by which a phone's clock may be off."""
CODES = 10


class WrongCode(Rejected):
    """The code is wrong, used or expired; the message is the same."""

    def __init__(self) -> None:
        super().__init__("The code is incorrect. A code works once and changes every 30 seconds: use the newest code.")


def start_setup(ports: Ports, login: str) -> str:
    """Create and return a new key; the old state applies until `confirm`."""
    key = pyotp.random_base32()
    account_store.change(ports, login, lambda data: data | {"second_step_begun": key})
    return key


def pending_key(ports: Ports, login: str) -> str:
    """Return the key that is not confirmed yet, creating it if there is none."""
    key = account_store.get_document(ports, login).data.get("second_step_begun")
    return str(key) if key else start_setup(ports, login)


def address(key: str, login: str) -> str:
    """The provisioning URI, shown as a QR code."""
    return str(pyotp.TOTP(key).provisioning_uri(name=login, issuer_name="Tillstream"))


def confirm(ports: Ports, login: str, code: str) -> list[str]:
    """Turn two-factor sign-in on with a code of the new key; return the recovery codes, stored only as hashes.

    Raises `WrongCode`, `TooManyTries`.
    """
    login_throttle.count_try(ports, _throttle_name(login))
    codes = _generate_codes()

    def change(data: dict[str, Any]) -> dict[str, Any]:
        key = data.get("second_step_begun") or ""
        counter = _counter(ports, key, code, -1) if key else None
        if counter is None:
            raise WrongCode
        return data | {"second_step_begun": "", "second_step": {"key": key, "last": counter, "left": _hashed(codes)}}

    account_store.change(ports, login, change, account_store.normalize_login(login), AuditAction.USER_SECOND_STEP_ON)
    login_throttle.reset(ports, _throttle_name(login))
    return codes


def check(ports: Ports, login: str, code: str) -> User:
    """Check and use up a TOTP code or a recovery code. Raises `WrongCode`, `TooManyTries`."""
    login_throttle.count_try(ports, _throttle_name(login))
    step = _step(account_store.get_document(ports, login).data)
    is_totp = _counter(ports, step["key"], code, step["last"]) is not None

    def change(data: dict[str, Any]) -> dict[str, Any]:
        # Checked again inside the compare-and-set: of two concurrent sign-ins with one code only one succeeds.
        step = _step(data)
        if is_totp:
            counter = _counter(ports, step["key"], code, step["last"])
            if counter is None:
                raise WrongCode
            return data | {"second_step": step | {"last": counter}}
        used = _hash(code)
        if used not in step["left"]:
            raise WrongCode
        return data | {"second_step": step | {"left": [one for one in step["left"] if one != used]}}

    what = None if is_totp else AuditAction.USER_RECOVERY_CODE_USED
    user = account_store.change(ports, login, change, account_store.normalize_login(login), what)
    login_throttle.reset(ports, _throttle_name(login))
    return user


def new_codes(ports: Ports, login: str) -> list[str]:
    """Replace and return the recovery codes, stored only as hashes. Raises `Rejected` if two-factor sign-in is off."""
    codes = _generate_codes()

    def change(data: dict[str, Any]) -> dict[str, Any]:
        if not data.get("second_step"):
            raise Rejected("Set up two-factor sign-in first; you then get recovery codes.")
        return data | {"second_step": data["second_step"] | {"left": _hashed(codes)}}

    account_store.change(
        ports, login, change, account_store.normalize_login(login), AuditAction.USER_RECOVERY_CODES_CREATED
    )
    return codes


def codes_left(ports: Ports, login: str) -> int:
    return len((account_store.get_document(ports, login).data.get("second_step") or {"left": []})["left"])


def disable(ports: Ports, login: str, *, by: str) -> User:
    """Turn two-factor sign-in off. Idempotent."""
    off = {"second_step": None, "second_step_begun": ""}
    user = account_store.change(ports, login, lambda data: data | off, by, AuditAction.USER_SECOND_STEP_OFF)
    login_throttle.reset(ports, _throttle_name(login))
    return user


def _step(data: dict[str, Any]) -> dict[str, Any]:
    step: dict[str, Any] | None = data.get("second_step")
    if not step or data["disabled"]:
        raise WrongCode
    return step


def _counter(ports: Ports, key: str, code: str, last: int) -> int | None:
    """Return the time step of this code if it is later than `last`, the last one used; else None."""
    digits, totp = "".join(code.split()), pyotp.TOTP(key, interval=STEP)
    now = int(ports.clock.now().timestamp()) // STEP
    for counter in range(max(now - CLOCK_DRIFT, last + 1), now + CLOCK_DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(counter).encode(), digits.encode()):
            return counter
    return None


def _generate_codes() -> list[str]:
    """Generate codes of four groups of four letters and digits: 79 bits, so a fast hash is enough."""
    return ["-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4)) for _ in range(CODES)]


def _hashed(codes: list[str]) -> list[str]:
    return [_hash(code) for code in codes]


def _hash(code: str) -> str:
    letters = "".join(sign for sign in code.casefold() if sign.isalnum())
    return hashlib.sha256(letters.encode()).hexdigest()


def _throttle_name(login: str) -> str:
    return f"second step of {account_store.normalize_login(login)}"
