"""The dataset in BigQuery that the settings name."""

from typing import TYPE_CHECKING

from tillstream.settings import Settings

if TYPE_CHECKING:  # BigQuery's libraries take longer to load than all the others
    from tillstream.adapters.google.bigquery.dataset import Dataset


def dataset_of(settings: Settings) -> "Dataset":
    from tillstream.adapters.google.bigquery.dataset import Dataset

    return Dataset(
        settings.project,
        settings.dataset,
        settings.location,
        api=settings.bigquery_api,
        storage_api=settings.bigquery_storage_api,
    )
