"""Two-factor sign-in: time-based codes (TOTP, RFC 6238) and recovery codes.

The only module that uses pyotp. The key is stored unencrypted, because the server computes the same codes from it, and
anybody who can read it can read the session secret as well (docs/adr/020-how-people-sign-in.md).
"""

import hashlib
import hmac
import secrets

import pyotp

from tillstream.model.audit import AuditAction
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.people import account_store, passwords
from tillstream.people.account_store import User
from tillstream.people.passwords import READABLE_LETTERS
from tillstream.ports import Ports

TOTP_STEP_SECONDS = 30
CLOCK_DRIFT = 1
"""Time steps by which a phone's clock may be off."""
RECOVERY_CODES = 10


class WrongCode(Rejected):
    """The code is wrong, used or expired; the message is the same."""

    def __init__(self) -> None:
        super().__init__("The code is incorrect. A code works once and changes every 30 seconds: use the newest code.")


def start_totp_setup(ports: Ports, login: str) -> str:
    """Create and return a new key; the old state applies until `confirm_totp`."""
    key = pyotp.random_base32()
    account_store.change_account(ports, login, lambda data: data | {"second_step_begun": key})
    return key


def pending_totp_key(ports: Ports, login: str) -> str:
    """Return the key that is not confirmed yet, creating it if there is none."""
    key = account_store.get_account_document(ports, login).data.get("second_step_begun")
    return str(key) if key else start_totp_setup(ports, login)


def provisioning_uri(key: str, login: str) -> str:
    """The provisioning URI, shown as a QR code."""
    return str(pyotp.TOTP(key).provisioning_uri(name=login, issuer_name="Tillstream"))


def confirm_totp(ports: Ports, login: str, code: str) -> list[str]:
    """Turn two-factor sign-in on with a code of the new key; return the recovery codes, stored only as hashes.

    Raises `WrongCode`, `TooManyTries`.
    """
    passwords.count_sign_in_try(ports, _throttle_name(login))
    codes = _generate_recovery_codes()

    def change(data: JsonObject) -> JsonObject:
        key = data.get("second_step_begun") or ""
        counter = _time_step(ports, key, code, -1) if key else None
        if counter is None:
            raise WrongCode
        return data | {
            "second_step_begun": "",
            "second_step": {"key": key, "last": counter, "left": _hash_codes(codes)},
        }

    account_store.change_account(
        ports, login, change, account_store.normalize_login(login), AuditAction.USER_SECOND_STEP_ON
    )
    passwords.reset_tries(ports, _throttle_name(login))
    return codes


def check_second_factor(ports: Ports, login: str, code: str) -> User:
    """Check and use up a TOTP code or a recovery code. Raises `WrongCode`, `TooManyTries`."""
    passwords.count_sign_in_try(ports, _throttle_name(login))
    step = _second_factor_of(account_store.get_account_document(ports, login).data)
    is_totp = _time_step(ports, step["key"], code, step["last"]) is not None

    def change(data: JsonObject) -> JsonObject:
        # Checked again inside the compare-and-set: of two concurrent sign-ins with one code only one succeeds.
        step = _second_factor_of(data)
        if is_totp:
            counter = _time_step(ports, step["key"], code, step["last"])
            if counter is None:
                raise WrongCode
            return data | {"second_step": step | {"last": counter}}
        used = _hash_code(code)
        if used not in step["left"]:
            raise WrongCode
        return data | {"second_step": step | {"left": [one for one in step["left"] if one != used]}}

    what = None if is_totp else AuditAction.USER_RECOVERY_CODE_USED
    user = account_store.change_account(ports, login, change, account_store.normalize_login(login), what)
    passwords.reset_tries(ports, _throttle_name(login))
    return user


def new_recovery_codes(ports: Ports, login: str) -> list[str]:
    """Replace and return the recovery codes, stored only as hashes. Raises `Rejected` if two-factor sign-in is off."""
    codes = _generate_recovery_codes()

    def change(data: JsonObject) -> JsonObject:
        if not data.get("second_step"):
            raise Rejected("Set up two-factor sign-in first; you then get recovery codes.")
        return data | {"second_step": data["second_step"] | {"left": _hash_codes(codes)}}

    account_store.change_account(
        ports, login, change, account_store.normalize_login(login), AuditAction.USER_RECOVERY_CODES_CREATED
    )
    return codes


def recovery_codes_left(ports: Ports, login: str) -> int:
    return len((account_store.get_account_document(ports, login).data.get("second_step") or {"left": []})["left"])


def disable_second_factor(ports: Ports, login: str, *, by: str) -> User:
    """Turn two-factor sign-in off. Idempotent."""
    off = {"second_step": None, "second_step_begun": ""}
    user = account_store.change_account(ports, login, lambda data: data | off, by, AuditAction.USER_SECOND_STEP_OFF)
    passwords.reset_tries(ports, _throttle_name(login))
    return user


def _second_factor_of(data: JsonObject) -> JsonObject:
    step: JsonObject | None = data.get("second_step")
    if not step or data["disabled"]:
        raise WrongCode
    return step


def _time_step(ports: Ports, key: str, code: str, last: int) -> int | None:
    """Return the time step of this code if it is later than `last`, the last one used; else None."""
    digits, totp = "".join(code.split()), pyotp.TOTP(key, interval=TOTP_STEP_SECONDS)
    now = int(ports.clock.now().timestamp()) // TOTP_STEP_SECONDS
    for counter in range(max(now - CLOCK_DRIFT, last + 1), now + CLOCK_DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(counter).encode(), digits.encode()):
            return counter
    return None


def _generate_recovery_codes() -> list[str]:
    """Generate codes of four groups of four letters and digits: 79 bits, so a fast hash is enough."""
    return [
        "-".join("".join(secrets.choice(READABLE_LETTERS) for _ in range(4)) for _ in range(4))
        for _ in range(RECOVERY_CODES)
    ]


def _hash_codes(codes: list[str]) -> list[str]:
    return [_hash_code(code) for code in codes]


def _hash_code(code: str) -> str:
    letters = "".join(sign for sign in code.casefold() if sign.isalnum())
    return hashlib.sha256(letters.encode()).hexdigest()


def _throttle_name(login: str) -> str:
    return f"second step of {account_store.normalize_login(login)}"
