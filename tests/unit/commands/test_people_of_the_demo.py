"""The demo's accounts are people of its samples."""

from tillstream.commands.demo_shop import people
from tillstream.model.permissions import Role
from tillstream.samples.master_data import salespeople_names


def test_the_salesperson_has_the_name_of_the_sales() -> None:
    _, name, scope = people._SCOPES[Role.SALESPERSON]
    assert (scope["salesperson"], name) == ("E101", salespeople_names(people.REGION, 1)[0])
