"""Download objects by their address (gs://…) into local files."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from google.cloud.storage import Blob, Client

from tillstream.adapters.google.retries import RETRY, TRY, translate_errors

AT_ONCE = 8


class Downloads:
    """Downloads with the default credentials, or from an emulator if the environment names one."""

    def __init__(self, project: str) -> None:
        self._project = project

    @cached_property
    def _client(self) -> Client:
        return Client(self._project)

    def fetch(self, paths: Mapping[str, str]) -> None:
        """Download every object to its path. paths: address → path. Raises `NotFound`, `Unavailable`."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(self._fetch, paths, paths.values()):
                pass

    def _fetch(self, address: str, path: str) -> None:
        with translate_errors(address):
            Blob.from_uri(address, self._client).download_to_filename(path, retry=RETRY, timeout=TRY)

    def close(self) -> None:
        if "_client" in vars(self):
            self._client.close()
