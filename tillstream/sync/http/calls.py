"""A call of a home as it arrived, and its work in this process."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.errors import Conflict
from tillstream.ports import Ports
from tillstream.sync.homes import Home
from tillstream.sync.http import authentication, dispatch, frame, signing
from tillstream.sync.http.dispatch import Answer
from tillstream.sync.http.signing import Signed
from tillstream.sync.office import LocalOffice
from tillstream.sync.refusals import Busy

Turn = Callable[[str], AbstractContextManager[None]]
"""Name of a home → the block in which one of its calls is processed. Raises `Busy` during another one."""
CHANGED_MEANWHILE = "Something else changed at the head office at the same time. The same is sent again by itself."


@dataclass(frozen=True)
class SignedCall:
    """name: of one of `dispatch.CALLS`. path: that was signed. headers: at least those of the signature."""

    name: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def signature(self) -> dict[str, str]:
        """The headers of the signature."""
        return {name: self.headers[name] for name in signing.HEADERS if name in self.headers}


def perform(ports: Ports, contracts: ContractRegistry, call: SignedCall, turn: Turn) -> Answer:
    """Check who sent a call and that it is new, and answer it.

    Raises `NotAHome`, `Busy`, `Refused`, `Rejected`, `Unavailable`.
    """
    home, signed = claimed(ports, call)
    authentication.check(ports, home, signed, call.method, call.path, call.body)
    head, data = frame.unpack(call.body)
    with turn(home.name):
        try:
            return dispatch.CALLS[call.name](LocalOffice(ports, contracts, home.name, signed.at), head, data)
        except Conflict as error:
            raise Busy(CHANGED_MEANWHILE) from error


def claimed(ports: Ports, call: SignedCall) -> tuple[Home, Signed]:
    """As `authentication.claimed`."""
    return authentication.claimed(ports, call.headers)
