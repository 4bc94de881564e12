"""The list alone refuses every escape before an engine reads it, or lets pass what is declared to be harmless."""

import pytest
from corpus import ESCAPES
from escape import REACHES, Escape

from tillstream.adapters.local.googlesql import closed_text
from tillstream.adapters.local.googlesql.dialect import to_duckdb_freely
from tillstream.explore import scoped_tables
from tillstream.explore.scoped_statement import scope_statement
from tillstream.model.errors import Rejected
from tillstream.model.people import scope_of
from tillstream.model.permissions import Role

OFFERED = scoped_tables.offered_tables(scope_of(Role.MANAGER, ("IN",), ("S1",)))
PLACES = {"home": "/home/x/secrets/token", "file": "/etc/passwd", "port": 8080}
REFUSED = tuple(one for one in ESCAPES if not one.harmless)


def test_there_are_two_hundred_each_once() -> None:
    assert len({one.name + one.reaches for one in ESCAPES}) == len({one.typed for one in ESCAPES}) == len(ESCAPES)
    assert len(REFUSED) >= 200
    assert {one.reaches for one in ESCAPES} == set(REACHES)


@pytest.mark.parametrize("escape", REFUSED, ids=lambda one: f"{one.reaches}: {one.name}")
def test_an_escape_is_refused(escape: Escape) -> None:
    with pytest.raises(Rejected):
        scope_statement(escape.filled(escape.typed, **PLACES), OFFERED)


@pytest.mark.parametrize("escape", [one for one in ESCAPES if one.harmless], ids=lambda one: one.name)
def test_what_is_harmless_reads_offered_tables_only(escape: Escape) -> None:
    statement = scope_statement(escape.filled(escape.typed, **PLACES), OFFERED)
    to_duckdb_freely(statement.sql)


FOR_DUCKDB = tuple(one for one in ESCAPES if one.duckdb and one.reaches not in {"crash", "memory"})


@pytest.mark.parametrize("escape", FOR_DUCKDB, ids=lambda one: f"{one.reaches}: {one.name}")
def test_the_text_for_duckdb_is_refused_as_well(escape: Escape) -> None:
    with pytest.raises(Rejected):
        closed_text.check(escape.filled(escape.duckdb, **PLACES), OFFERED)
