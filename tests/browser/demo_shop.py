"""The shop of the demo in a running portal, and its accounts by role."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import demo_home
from live_server import Served, running, sign_in_without_form
from playwright.sync_api import Page, expect

from tillstream.app import build
from tillstream.model.permissions import Role
from tillstream.server.serve import with_server_memory
from tillstream.settings import Settings


@dataclass(frozen=True)
class DemoShop:
    served: Served
    accounts: dict[Role, dict[str, str]]
    """role → name and password as the demo prints them"""

    def sign_in(self, page: Page, role: Role) -> None:
        account = self.accounts[role]
        sign_in_without_form(page, self.served, account["login"], account["password"])
        page.goto(f"{self.served.address}/")
        expect(page.get_by_role("heading", level=1)).to_be_visible()


@contextmanager
def demo_shop(folder: Path, *, working: bool) -> Iterator[DemoShop]:
    """working: with a worker, so that files are processed."""
    data = demo_home.copy_into(folder / "home")
    app = build(with_server_memory(Settings(home=folder / "home", samples=False, threads=1)))
    with running(app, working=working) as served:
        yield DemoShop(served, {Role(one["role"]): one for one in data["accounts"]})
