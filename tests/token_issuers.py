"""Token issuers with generated keys: an OpenID Connect provider, and a signer of assertions."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "the-portal", "the portal's own secret"


@cache
def numbered_key(algorithm: str, number: int) -> Any:
    """The key with this number, generated once in this process: an RSA key takes long."""
    key = RSAKey.generate_key(2048) if algorithm == "RS256" else ECKey.generate_key("P-256")
    key.ensure_kid()
    return key


@dataclass
class TokenIssuer:
    """Publishes its keys at /keys; `sign` signs any claims."""

    algorithm: str = "RS256"
    address: str = ""
    reachable: bool = True
    key_requests: int = 0
    """The number of requests for its keys."""
    keys: list[Any] = field(default_factory=list)
    changes: int = 0
    """How often its keys changed."""

    def __post_init__(self) -> None:
        self.change_keys()

    def change_keys(self) -> None:
        self.changes += 1
        self.keys = [numbered_key(self.algorithm, self.changes)]

    def sign(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        key = key or self.keys[0]
        # The header may name an algorithm that verifiers must reject.
        head = {"alg": self.algorithm, "kid": key.kid} | header
        return jwt.encode(head, claims, key, algorithms=[head["alg"]])

    def get(self, path: str) -> tuple[int, Any]:
        if path == "/keys":
            self.key_requests += 1
            return 200, KeySet(self.keys).as_dict(private=False)
        return 404, {}

    def post(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        return 404, {}


@dataclass
class OpenIdProvider(TokenIssuer):
    """A small OpenID Connect provider. `claims` overrides the claims of its next id token."""

    claims: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "1001", "email": "ana@example.com"})
    shown: dict[str, Any] = field(default_factory=dict)
    """The parameters of the last authorization request."""
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
        """The redirect address after the user has consented."""
        parameters = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert parameters["response_type"] == "code"
        assert parameters["client_id"] == CLIENT
        assert parameters["code_challenge_method"] == "S256"
        self.shown = parameters
        return f"{parameters['redirect_uri']}?{urlencode({'code': 'a-code', 'state': parameters['state']})}"

    def post(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        if path != "/token" or form.get("code") != "a-code":
            return 400, {"error": "invalid_grant"}
        if create_s256_code_challenge(form.get("code_verifier", "")) != self.shown["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "the verifier does not fit"}
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": self.shown["nonce"]}
        claims |= {"email_verified": True} | self.person | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        token = self.sign(claims, self.key, **self.header)
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": token}


@contextmanager
def serve_issuer(issuer: TokenIssuer) -> Iterator[None]:
    """Serve the issuer at a local address."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*issuer.get(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(*issuer.post(self.path, {name: values[0] for name, values in parse_qs(body).items()}))

        def _answer(self, status: int, body: Any) -> None:
            content = json.dumps(body).encode()
            self.send_response(status if issuer.reachable else 503)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Logs nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        issuer.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield
        server.shutdown()
