"""Buckets that are read by gs:// and their name."""

import pytest
from object_store_writers import read, write

from tillstream.adapters.google.object_store import CloudStorageObjectStore
from tillstream.model.errors import Rejected


class OtherBuckets:
    """Buckets that the installation does not write to, by gs:// and their name."""

    def test_another_bucket_is_listed_read_and_copied_from(self, store: CloudStorageObjectStore) -> None:
        stored = write(store, "a", b"history")
        other = f"gs://{store._buckets['inbox']}"
        assert [(each.name, each.generation, each.size) for each in store.list(other)] == [("a", stored.generation, 7)]
        with store.open(other, "a", stored.generation) as stream:
            assert stream.read() == b"history"
        copied = store.copy(other, "a", "inbox", "b", generation=stored.generation, if_generation=0)
        assert copied == store.stat("inbox", "b")
        assert read(store, "b") == b"history"
        assert (store.has_bucket("inbox"), store.has_bucket(other)) == (True, False)

    def test_another_bucket_that_does_not_exist_is_rejected(self, store: CloudStorageObjectStore) -> None:
        with pytest.raises(Rejected, match="gs://absent-of-ours"):
            list(store.list("gs://absent-of-ours"))
