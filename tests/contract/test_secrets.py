from collections.abc import Iterator
from pathlib import Path

import pytest
from contract.secret_manager import BROKEN, SecretManager, secret_manager
from contract.secrets_contract import Put, SecretsContract

from tillstream.adapters.google.secret_manager import SecretManagerSecrets
from tillstream.adapters.local.secrets import EnvironmentSecrets, FolderSecrets
from tillstream.model.errors import Rejected, Unavailable
from tillstream.ports.machine import Secrets
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


class TestSecretManagerSecrets(SecretsContract):
    prefix = "tillstream-source-"

    @pytest.fixture
    def manager(self) -> Iterator[SecretManager]:
        with secret_manager() as manager:
            yield manager

    @pytest.fixture
    def secrets(self, manager: SecretManager) -> Secrets:
        return SecretManagerSecrets("shop", manager.address)

    @pytest.fixture
    def put(self, manager: SecretManager) -> Put:
        return manager.values.__setitem__

    def test_other_secrets_are_not_read(self, secrets: Secrets, put: Put) -> None:
        put("tillstream-session", "key of cookies")
        with pytest.raises(Rejected):
            secrets.get("tillstream-session")

    def test_an_error_of_the_service_is_unavailable(self, secrets: Secrets, put: Put) -> None:
        put("tillstream-source-erp", BROKEN)
        with pytest.raises(Unavailable):
            secrets.get("tillstream-source-erp")
        with pytest.raises(Unavailable):
            SecretManagerSecrets("shop", "http://127.0.0.1:1").get("tillstream-source-erp")
