"""A parameter that an operation does not have is refused, with all that it has."""

import pytest
from visitor import People

from tillstream.model.permissions import Role


@pytest.mark.parametrize(
    ("path", "expected"), [("sales-over-time", ("period", "limit", "cursor", "from")), ("kpis", ("numbers", "from"))]
)
def test_the_error_lists_own_parameters_and_filters(person: People, path: str, expected: tuple[str, ...]) -> None:
    answer = person(Role.ADMIN).get(f"/api/v1/{path}?granularity=day")
    assert answer.status_code == 422
    error, _, parameters = answer.get_json()["detail"].partition(" Use one of: ")
    assert error == "There is no parameter granularity."
    assert set(expected) <= set(parameters.rstrip(".").split(", "))
