"""What a user may not do: the error names the role, or the token if only that lacks the right."""

from collections.abc import Callable

import pytest

from tillstream.analytics import measure_values, queries
from tillstream.analytics.filters import Filters
from tillstream.commands import frame
from tillstream.explore import scoped_tables
from tillstream.model.people import Scope
from tillstream.model.permissions import Action, Role

READS = frozenset({Action.SEE_NUMBERS})
TRIES: dict[str, tuple[Callable[[Scope], object], Action]] = {
    "SQL": (scoped_tables.offered_tables, Action.RUN_SQL),
    "a margin": (lambda scope: measure_values.visible_measure("margin", scope), Action.SEE_COSTS),
    "a goal of margin": (lambda scope: frame._measure(scope, "margin"), Action.SEE_COSTS),
    "a salesperson": (
        lambda scope: queries.compose_query("kpis", scope, Filters(salesperson=("S1",))),
        Action.SEE_PERSONAL,
    ),
}


@pytest.mark.parametrize(("attempt", "right"), TRIES.values(), ids=TRIES.keys())
def test_the_error_names_what_lacks_the_right(attempt: Callable[[Scope], object], right: Action) -> None:
    with pytest.raises(queries.TokenLacksRight, match=f"^This token cannot .* the right “{right.value}”"):
        attempt(Scope(Role.ADMIN).restrict(READS))
    if right is not Action.RUN_SQL:
        return
    with pytest.raises(queries.Forbidden, match=r"^Your role cannot run SQL") as raised:
        attempt(Scope(Role.CLERK, regions=("IN",)))
    assert not isinstance(raised.value, queries.TokenLacksRight)
