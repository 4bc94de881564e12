"""A real HTTP server with the contract of `POST /api/sales` and `GET /api/sales/outcomes`, which counts sales by ID."""

import base64
import gzip
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tillstream_till.setup_code import Setup

TOKEN = "till_0123456789ab_secret"
SOLD_ON = (datetime.now(UTC) - timedelta(days=10)).date().isoformat()
"""The day of the sales: a till warns of sales of more than a year ago."""
Fault = Callable[["Handler"], bool]
"""Replies in place of the server; returns whether the messages are stored before."""


def sale(number: object, net: str = "3.20", **fields: Any) -> dict[str, Any]:
    """A sale of one line."""
    defaults = {"number": str(number), "sold_at": f"{SOLD_ON}T10:03:00+00:00", "currency": "GBP"}
    return {**defaults, "lines": [{"product_id": "P-1", "net_amount": net}], **fields}


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Store:
    """What the server has: payloads in the order of their arrival, and the latest version of each sale."""

    keys: dict[str, Ed25519PrivateKey] = field(default_factory=dict)
    arrived: list[dict[str, Any]] = field(default_factory=list)
    """Each message once per epoch and sequence, in order."""
    reused: list[tuple[str, int]] = field(default_factory=list)
    refuse: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Number → code and detail with which it is refused."""
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    clock: timedelta = timedelta()
    states_last_sequence: bool = False
    hidden: int = 0
    """How many of the first outcomes are those of other stores, which are read and left out of a page."""
    queried: list[list[str]] | None = None
    """The sequences that it was asked for, request by request; None: it does not know such questions."""
    waiting: bool = False
    """Whether what it is asked for is still in its queue."""
    _by_sequence: dict[tuple[str, int], str] = field(default_factory=dict)

    def new_key(self, name: str) -> str:
        self.keys[name] = Ed25519PrivateKey.generate()
        return base64url(self.keys[name].private_bytes_raw())

    @property
    def sales(self) -> dict[str, dict[str, Any]]:
        """The counted sales: the highest version of each number; the first of equal ones."""
        counted: dict[str, dict[str, Any]] = {}
        for sale in self.arrived:
            if sale["schema"] == "store-sale/1":
                before = counted.get(sale["number"])
                if before is None or sale.get("version", 0) > before.get("version", 0):
                    counted[sale["number"]] = sale
        return counted

    @property
    def closes(self) -> list[dict[str, Any]]:
        return [each for each in self.arrived if each["schema"] == "day-close/1"]

    def lose(self, sequence: int) -> None:
        """Lose a message that was acknowledged."""
        for key in [key for key in self._by_sequence if key[1] == sequence]:
            payload = json.loads(self._by_sequence.pop(key))
            self.arrived = [each for each in self.arrived if each != payload]

    def states(self, queried: dict[str, Any]) -> list[str]:
        """The states of the messages of a question."""
        assert self.queried is not None
        self.queried.append([each["sequence"] for each in queried["messages"]])
        states = []
        for each in queried["messages"]:
            payload = self._by_sequence.get((each["epoch"], int(each["sequence"])))
            if payload is not None:
                assert hashlib.sha256(payload.encode()).hexdigest().startswith(each["digest"])
            states.append("missing" if payload is None else "waiting" if self.waiting else "stored")
        return states

    def first_arrivals(self) -> list[str]:
        """The numbers of the sales in the order in which each first arrived."""
        return list(Counter(sale["number"] for sale in self.arrived if "number" in sale))

    def last_sequence(self, epoch: str) -> int:
        return max((sequence for each, sequence in self._by_sequence if each == epoch), default=0)

    def take(self, message: dict[str, Any]) -> dict[str, Any]:
        """Store a message and return its result."""
        payload, sequence = message["payload"], message.get("sequence", "")
        code = self._invalid(message)
        sale = json.loads(payload)
        if not code and sale.get("number") in self.refuse:
            code, detail = self.refuse[sale["number"]]
            return {"sequence": sequence, "id": "", "status": "refused", "code": code, "detail": detail}
        if code:
            return {"sequence": sequence, "id": "", "status": "refused", "code": code, "detail": "not verified"}
        key = (message.get("epoch", ""), int(sequence or 0))
        if self._by_sequence.setdefault(key, payload) != payload:
            self.reused.append(key)
        self.arrived.append(sale)
        return {"sequence": sequence, "id": sale.get("number", sale.get("date")), "status": "accepted"}

    def _invalid(self, message: dict[str, Any]) -> str:
        if not self.keys:
            return ""
        if message.get("key") not in self.keys:
            return "unsigned"
        try:
            public = self.keys[message["key"]].public_key()
            public.verify(from_base64url(message["signature"]), message["payload"].encode())
        except InvalidSignature:
            return "unverified-message"
        return ""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    store: Store
    body = b""

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.reply(401, {"code": "unauthorized", "detail": "This token is not valid"})
            return
        if self.store.faults:
            stores = self.store.faults.pop(0)
            if stores(self):
                self.results()
            return
        self.reply(202, self.results())

    def results(self) -> dict[str, Any]:
        """Store the messages of the request and return the reply."""
        content = json.loads(gzip.decompress(self.body))
        messages = content["messages"]
        assert len(messages) <= 1000
        self.store.requests.append(len(messages))
        epoch = messages[0].get("epoch", "") if messages else ""
        reply: dict[str, Any] = {"server_time": (datetime.now(UTC) + self.store.clock).isoformat()}
        if self.store.states_last_sequence:
            reply["last_sequence"] = self.store.last_sequence(epoch)
        if self.store.queried is not None and "acknowledged" in content:
            reply["acknowledged"] = self.store.states(content["acknowledged"])
        return reply | {"results": [self.store.take(message) for message in messages]}

    def do_GET(self) -> None:
        assert self.path.startswith("/api/sales/outcomes?")
        start = int(dict(part.split("=") for part in self.path.partition("?")[2].split("&")).get("since", 0))
        page = self.store.outcomes[start : start + 2]
        shown = page[max(0, self.store.hidden - start) :]
        self.reply(200, {"outcomes": shown, "next": str(start + len(page))})

    def reply(self, status: int, content: dict[str, Any] | bytes, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


class StoreServer:
    """The server on a free port."""

    def __init__(self) -> None:
        self.store = Store()
        handler = type("Bound", (Handler,), {"store": self.store})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def setup(self, key: str = "k1", till: str = "T1") -> Setup:
        private = base64url(self.store.keys[key].private_bytes_raw()) if key in self.store.keys else ""
        return Setup(self.url, "UK", "LON1", TOKEN, till, key if private else "", private)

    def stop(self) -> None:
        """Stop; again changes nothing."""
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
