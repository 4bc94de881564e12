"""Files of secrets, compared with what they were: a changed credential is a loss until somebody has confirmed it."""

import hmac
import secrets
from hashlib import scrypt
from pathlib import Path

from tillstream.adapters.local.secrets import FolderSecrets
from tillstream.model.errors import Rejected, Unavailable
from tillstream.ports import Ports
from tillstream.ports.files import FileFinding, LostContent
from tillstream.records import losses
from tillstream.records.losses import LossKind

NOTED = ("upkeep", "secrets")
"""Document of the hashes: name of the file → salt and hash. Slow ones, as backups have it and not the secrets."""
FOLDER = "secrets"
"""Start of the names of secrets as losses."""
COPY = "Copy it from where you keep it"
CONFIRM = "on the page **Status** or with `tillstream losses accept`"


class SecretFiles:
    """The files of a folder, which people edit. Their values are in no finding."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        self._secrets, self._ports = FolderSecrets(folder), ports

    def check(self) -> list[FileFinding]:
        """Compare each file with its hash, and note that of a new file or confirmed change. Raises `Unavailable`."""
        document = self._ports.documents.get(*NOTED)
        before: dict[str, str] = dict(document.data) if document else {}
        noted, findings = dict(before), []
        names = self._secrets.names()
        for name in sorted({*names, *before}):
            loss, file = f"{FOLDER}/{name}", f"The file {name} with a credential"
            is_final = name in before and losses.is_final(self._ports, LossKind.STATE, loss)
            if name not in names:
                if is_final:
                    del noted[name]
                    continue
                remedy = f"{COPY}, or, if you removed it, accept that {CONFIRM}."
                findings.append(FileFinding(loss, f"{file} is missing.", remedy, LostContent.STATE))
                continue
            try:
                value = self._secrets.get(name).encode()
            except (Rejected, Unavailable) as error:
                findings.append(FileFinding(loss, str(error), f"{COPY}, or remove it.", LostContent.STATE))
                continue
            if name in before and _is_same(value, before[name]):
                continue
            if name in before and not is_final:
                remedy = f"If you changed it, accept that {CONFIRM}. Otherwise copy it from where you keep it."
                findings.append(FileFinding(loss, f"{file} is not as it was.", remedy, LostContent.STATE))
                continue
            noted[name] = _hash(value, secrets.token_bytes(16))
        if noted != before:
            self._ports.documents.put(*NOTED, noted)
        return findings


def _hash(value: bytes, salt: bytes) -> str:
    return f"{salt.hex()}:{scrypt(value, salt=salt, n=2**14, r=8, p=1).hex()}"


def _is_same(value: bytes, noted: str) -> bool:
    return hmac.compare_digest(_hash(value, bytes.fromhex(noted.partition(":")[0])), noted)
