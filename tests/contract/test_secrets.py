import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from contract.secrets_contract import Put, SecretsContract

from tillstream.adapters.google.secrets import SecretManagerSecrets
from tillstream.adapters.local.secrets import EnvironmentSecrets, FolderSecrets
from tillstream.domain.errors import Rejected, Unavailable
from tillstream.ports.secrets import Secrets
from tillstream.settings import Settings


class TestEnvironmentSecrets(SecretsContract):
    prefix = "TILLSTREAM_SOURCE_"

    @pytest.fixture
    def secrets(self, tmp_path: Path) -> Secrets:
        return EnvironmentSecrets(Settings(home=tmp_path).variable)

    @pytest.fixture
    def put(self, monkeypatch: pytest.MonkeyPatch) -> Put:
        return monkeypatch.setenv

    def test_other_variables_are_not_read(self, secrets: Secrets, put: Put) -> None:
        put("TILLSTREAM_SESSION_SECRET", "key of cookies")
        with pytest.raises(Rejected):
            secrets.get("TILLSTREAM_SESSION_SECRET")


class TestFolderSecrets(SecretsContract):
    @pytest.fixture
    def secrets(self, tmp_path: Path) -> Secrets:
        return FolderSecrets(tmp_path)

    @pytest.fixture
    def put(self, tmp_path: Path) -> Put:
        return lambda name, value: (tmp_path / name).write_text(value) and None

    def test_a_link_out_of_the_folder_is_not_read(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").write_text("key")
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets" / "link").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(Rejected):
            FolderSecrets(tmp_path / "secrets").get("link")


class _Manager(BaseHTTPRequestHandler):
    """Secret Manager's `versions/latest:access`."""

    values: dict[str, str]

    def do_GET(self) -> None:
        path = self.path.removeprefix("/v1/projects/shop/secrets/")
        name = path.removesuffix("/versions/latest:access")
        value = self.values.get(name)
        body = b"{}" if value is None else _payload(value)
        self.send_response(404 if value is None else 500 if value == "broken" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


def _payload(value: str) -> bytes:
    return json.dumps({"payload": {"data": base64.b64encode(value.encode()).decode()}}).encode()


class TestSecretManagerSecrets(SecretsContract):
    prefix = "tillstream-source-"

    @pytest.fixture
    def manager(self) -> Iterator[ThreadingHTTPServer]:
        _Manager.values = {}
        with ThreadingHTTPServer(("127.0.0.1", 0), _Manager) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            yield server
            server.shutdown()
            thread.join()

    @pytest.fixture
    def secrets(self, manager: ThreadingHTTPServer) -> Secrets:
        return SecretManagerSecrets("shop", f"http://127.0.0.1:{manager.server_port}")

    @pytest.fixture
    def put(self, manager: ThreadingHTTPServer) -> Put:
        return _Manager.values.__setitem__

    def test_other_secrets_are_not_read(self, secrets: Secrets, put: Put) -> None:
        put("tillstream-session", "key of cookies")
        with pytest.raises(Rejected):
            secrets.get("tillstream-session")

    def test_an_error_of_the_service_is_unavailable(self, secrets: Secrets, put: Put) -> None:
        put("tillstream-source-erp", "broken")
        with pytest.raises(Unavailable):
            secrets.get("tillstream-source-erp")
        with pytest.raises(Unavailable):
            SecretManagerSecrets("shop", "http://127.0.0.1:1").get("tillstream-source-erp")
