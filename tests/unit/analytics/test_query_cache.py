"""The queries of one page share what they all depend on; those of two pages do not."""

import pyarrow as pa

from tillstream.analytics.query_cache import QueryCache

ONE = pa.table({"number": [1]})


def test_a_page_reads_once_what_its_queries_depend_on() -> None:
    cache, reads = QueryCache(), list[int]()

    def read() -> pa.Table:
        reads.append(1)
        return ONE

    for _ in range(2):
        page = cache.for_one_page()
        assert page.once("summed", read) is page.once("summed", read)
    assert len(reads) == 2
    cache.once("summed", read)
    cache.once("summed", read)
    assert len(reads) == 4


def test_a_page_uses_and_clears_the_answers_of_all() -> None:
    cache = QueryCache()
    page, mark = cache.for_one_page(), cache.mark
    page.put("key", ONE)
    assert cache.get("key") is ONE
    page.clear()
    assert cache.get("key") is None
    assert cache.mark != mark
