"""The saved view of the demo, which everybody can open."""

from pathlib import Path

from shop_of_two_stores import app

from tillstream.commands.demo_shop import people
from tillstream.records import saved_views


def test_one_view_is_shared_with_everybody(tmp_path: Path) -> None:
    shop = app(tmp_path)
    for _ in range(2):
        people.add_saved_view(shop, "ana")
    (saved,) = saved_views.find_views(shop.ports, "carol", "")
    assert (saved.login, saved.shared, saved.address) == ("ana", True, people.VIEW_ADDRESS)
    shop.close()
