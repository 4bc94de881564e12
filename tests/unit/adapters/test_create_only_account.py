"""An account that may create objects and not delete them: what exists already is a conflict, as for other accounts."""

from typing import Any

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client
from unit.adapters.http_double import Answer, serve

from tillstream.adapters.google.object_store import CloudStorageObjectStore
from tillstream.model.errors import Conflict, Unavailable
from tillstream.model.events import INBOX

REFUSED = {"error": {"code": 403, "message": "portal does not have storage.objects.delete access"}}


def answer(method: str, path: str, _: Any) -> Answer:
    """Cloud Storage, with the one object `june.csv`."""
    if method == "POST":
        return 403, REFUSED
    if "june.csv" in path:
        return 200, {"name": "june.csv", "generation": "1", "size": "3"}
    return 404, {"error": {"code": 404, "message": "No such object"}}


@pytest.mark.parametrize(
    ("name", "if_generation", "error"),
    [("june.csv", 0, Conflict), ("june.csv", None, Unavailable), ("july.csv", 0, Unavailable)],
)
def test_only_the_creation_of_an_object_that_exists_is_a_conflict(
    name: str, if_generation: int | None, error: type[Exception]
) -> None:
    with serve(answer) as double:
        options = ClientOptions(api_endpoint=double.address)
        client = Client("demo", AnonymousCredentials(), client_options=options)
        store = CloudStorageObjectStore(client, {INBOX: "demo-inbox"})
        with pytest.raises(error), store.writer(INBOX, name, if_generation=if_generation) as writer:
            writer.write(b"new")
        client.close()
