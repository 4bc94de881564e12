"""An empty warehouse next to the live one, in a temporary dataset of its own."""

import secrets
from datetime import timedelta

from google.cloud.bigquery import Dataset as DatasetResource

from tillstream.adapters.google.api_retries import TIMEOUT
from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.adapters.google.bigquery.tables import LABELS
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.adapters.google.object_store import Downloads
from tillstream.ports.warehouse import SaleIndex

EXPIRES_AFTER = timedelta(days=2)
"""Its tables expire if `close` is never called."""


class ScratchWarehouse(BigQueryWarehouse):
    """A warehouse whose dataset is created by the constructor and deleted by `close`. Raises `Unavailable`.

    downloads: as for `BigQueryWarehouse`. index: an empty one.
    """

    def __init__(self, live: Dataset, downloads: Downloads, index: SaleIndex) -> None:
        self._scratch = live.sibling(f"{live.name}_scratch_{secrets.token_hex(4)}")
        resource = DatasetResource(self._scratch.reference)
        resource.location, resource.labels = live.location, LABELS
        resource.default_table_expiration_ms = int(EXPIRES_AFTER / timedelta(milliseconds=1))
        with self._scratch.errors(self._scratch.name):
            self._scratch.client.create_dataset(resource, retry=CALLS, timeout=TIMEOUT)
        migrate(self._scratch)
        super().__init__(self._scratch, downloads, index)

    def close(self) -> None:
        """Delete the dataset, and that of its temporary tables."""
        for each in (self._scratch.loading, self._scratch):
            with self._scratch.errors(each.name):
                self._scratch.client.delete_dataset(
                    each.reference, delete_contents=True, not_found_ok=True, retry=CALLS, timeout=TIMEOUT
                )
        super().close()
