"""Suppliers, products and stores in the home of each test, and a manager of their region."""

from collections.abc import Callable

import pytest
from order_steps import add_catalogue
from visitor import Visitor

from tillstream.app import App
from tillstream.model.permissions import Role


@pytest.fixture
def manager(app: App, person: Callable[..., Visitor]) -> Visitor:
    add_catalogue(app.ports)
    return person(Role.MANAGER, "IN", login="mira")
