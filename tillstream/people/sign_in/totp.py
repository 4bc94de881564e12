"""Second step: a code of the person's telephone (TOTP, RFC 6238), and codes for when it is lost.

The one owner of pyotp. The key lies in the account as it is, because the server must make the same codes from it: who
can read the documents can read the session secret beside it as well (docs/adr/020-how-people-sign-in.md).
"""

import hashlib
import hmac
import secrets
from typing import Any

import pyotp

from tillstream.audit import What
from tillstream.domain.errors import Rejected
from tillstream.people import account_store, login_throttle
from tillstream.people.passwords import LETTERS
from tillstream.people.user import User
from tillstream.ports import Ports

STEP = 30
EARLY_OR_LATE = 1
"""Steps that a telephone's clock may be off."""
CODES = 10


class WrongCode(Rejected):
    """Says the same for a wrong code, one used before and one too old."""

    def __init__(self) -> None:
        super().__init__("That code is not right. Codes count once and change every 30 seconds: take the newest.")


def begin(ports: Ports, login: str) -> str:
    """A new key, which counts from `finish` on; until then what was before stays."""
    key = pyotp.random_base32()
    account_store.change(ports, login, lambda data: data | {"second_step_begun": key})
    return key


def begun(ports: Ports, login: str) -> str:
    """The key that waits for its first code; made where there is none."""
    key = account_store.known(ports, login).data.get("second_step_begun")
    return str(key) if key else begin(ports, login)


def address(key: str, login: str) -> str:
    """What the telephone reads from the picture."""
    return str(pyotp.TOTP(key).provisioning_uri(name=login, issuer_name="Tillstream"))


def finish(ports: Ports, login: str, code: str) -> list[str]:
    """On from now, proved by a code of the new key; the recovery codes, shown this once.

    Raises `WrongCode`, `TooManyTries`.
    """
    login_throttle.count_try(ports, _tries(login))
    codes = _made()

    def change(data: dict[str, Any]) -> dict[str, Any]:
        key = data.get("second_step_begun") or ""
        counter = _counter(ports, key, code, -1) if key else None
        if counter is None:
            raise WrongCode
        return data | {"second_step_begun": "", "second_step": {"key": key, "last": counter, "left": _hashed(codes)}}

    account_store.change(ports, login, change, account_store.plain(login), What.USER_SECOND_STEP_ON)
    login_throttle.forget(ports, _tries(login))
    return codes


def check(ports: Ports, login: str, code: str) -> User:
    """A code of the telephone or a recovery code, each good for once. `WrongCode`, `TooManyTries`."""
    login_throttle.count_try(ports, _tries(login))
    step = _step(account_store.known(ports, login).data)
    by_telephone = _counter(ports, step["key"], code, step["last"]) is not None

    def change(data: dict[str, Any]) -> dict[str, Any]:
        # Asked again inside the compare-and-set: of two with one code at the same moment only one gets in.
        step = _step(data)
        if by_telephone:
            counter = _counter(ports, step["key"], code, step["last"])
            if counter is None:
                raise WrongCode
            return data | {"second_step": step | {"last": counter}}
        used = _hash(code)
        if used not in step["left"]:
            raise WrongCode
        return data | {"second_step": step | {"left": [one for one in step["left"] if one != used]}}

    what = None if by_telephone else What.USER_RECOVERY_CODE_USED
    user = account_store.change(ports, login, change, account_store.plain(login), what)
    login_throttle.forget(ports, _tries(login))
    return user


def new_codes(ports: Ports, login: str) -> list[str]:
    """Ten others in the place of those before, shown this once. Raises `Rejected` where the second step is off."""
    codes = _made()

    def change(data: dict[str, Any]) -> dict[str, Any]:
        if not data.get("second_step"):
            raise Rejected("Set up the second step first; its recovery codes come with it.")
        return data | {"second_step": data["second_step"] | {"left": _hashed(codes)}}

    account_store.change(ports, login, change, account_store.plain(login), What.USER_RECOVERY_CODES_MADE)
    return codes


def codes_left(ports: Ports, login: str) -> int:
    return len((account_store.known(ports, login).data.get("second_step") or {"left": []})["left"])


def take_off(ports: Ports, login: str, *, by: str) -> User:
    """Off from now: the telephone is lost, or the person does not want it. Repeatable."""
    off = {"second_step": None, "second_step_begun": ""}
    user = account_store.change(ports, login, lambda data: data | off, by, What.USER_SECOND_STEP_OFF)
    login_throttle.forget(ports, _tries(login))
    return user


def _step(data: dict[str, Any]) -> dict[str, Any]:
    step: dict[str, Any] | None = data.get("second_step")
    if not step or data["disabled"]:
        raise WrongCode
    return step


def _counter(ports: Ports, key: str, code: str, last: int) -> int | None:
    """The step whose code this is, if it comes after the last one used."""
    given, codes = "".join(code.split()), pyotp.TOTP(key, interval=STEP)
    now = int(ports.clock.now().timestamp()) // STEP
    for counter in range(max(now - EARLY_OR_LATE, last + 1), now + EARLY_OR_LATE + 1):
        if hmac.compare_digest(codes.generate_otp(counter).encode(), given.encode()):
            return counter
    return None


def _made() -> list[str]:
    """Four groups of four letters and digits: 79 bits, so that no slow hash is needed."""
    return ["-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4)) for _ in range(CODES)]


def _hashed(codes: list[str]) -> list[str]:
    return [_hash(code) for code in codes]


def _hash(code: str) -> str:
    letters = "".join(sign for sign in code.casefold() if sign.isalnum())
    return hashlib.sha256(letters.encode()).hexdigest()


def _tries(login: str) -> str:
    return f"second step of {account_store.plain(login)}"
