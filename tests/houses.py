"""Houses that prove who somebody is, with keys of their own: an OpenID Connect provider, and a signer of assertions."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "the-portal", "the portal's own secret"


@dataclass
class House:
    """Publishes its keys at /keys; `sign` says anything that one lets it say."""

    algorithm: str = "RS256"
    address: str = ""
    reachable: bool = True
    asked: int = 0
    """How often its keys were asked for."""
    keys: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.change_keys()

    def change_keys(self) -> None:
        made = RSAKey.generate_key(2048) if self.algorithm == "RS256" else ECKey.generate_key("P-256")
        made.ensure_kid()
        self.keys = [made]

    def sign(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        key = key or self.keys[0]
        # An algorithm of the header may be one that nobody should take.
        head = {"alg": self.algorithm, "kid": key.kid} | header
        return jwt.encode(head, claims, key, algorithms=[head["alg"]])

    def get(self, path: str) -> tuple[int, Any]:
        if path == "/keys":
            self.asked += 1
            return 200, KeySet(self.keys).as_dict(private=False)
        return 404, {}

    def post(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        return 404, {}


@dataclass
class Provider(House):
    """A small OpenID Connect provider. `claims` is laid over what its next id token says."""

    claims: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "1001", "email": "ana@example.com"})
    shown: dict[str, Any] = field(default_factory=dict)
    """The code given last → what it was asked with."""
    header: dict[str, Any] = field(default_factory=dict)
    key: Any = None

    def get(self, path: str) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        return super().get(path)

    def authorize(self, address: str) -> str:
        """What a browser is sent back to after its person has said yes."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        self.shown = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': 'a-code', 'state': asked['state']})}"

    def post(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        if path != "/token" or form.get("code") != "a-code":
            return 400, {"error": "invalid_grant"}
        if create_s256_code_challenge(form.get("code_verifier", "")) != self.shown["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "the verifier does not fit"}
        now = int(time.time())
        said = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": self.shown["nonce"]}
        said |= {"email_verified": True} | self.person | self.claims
        said = {name: value for name, value in said.items() if value is not None}
        token = self.sign(said, self.key, **self.header)
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": token}


@contextmanager
def open_to_visitors(house: House) -> Iterator[None]:
    """The house at an address of this machine."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*house.get(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(*house.post(self.path, {name: values[0] for name, values in parse_qs(body).items()}))

        def _answer(self, status: int, body: Any) -> None:
            content = json.dumps(body).encode()
            self.send_response(status if house.reachable else 503)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        house.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield
        server.shutdown()
