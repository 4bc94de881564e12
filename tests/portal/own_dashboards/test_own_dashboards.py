"""Dashboards of one's own: who may see and change them, what their tiles show, and what can be undone."""

import html
import re

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale, page_words

from tillstream.app import App
from tillstream.commands.demo_shop import people as demo_dashboard
from tillstream.explore import own_dashboards
from tillstream.explore.own_dashboards import DashboardOwner, OwnDashboard
from tillstream.model.permissions import Role
from tillstream.people import accounts

JUNE = "from=2026-06-01&to=2026-06-30&preset=own"
BY_DAY = f"/explore?measure=revenue&by=day&{JUNE}"


def sell(admin: Visitor, work: Work) -> None:
    """May and June 2026: 10 and 20 rupees."""
    rows = [
        indian_sale("1", "10.00", date="01-05-2026 10:00"),
        indian_sale("2", "14.00", date="30-06-2026 10:00"),
        indian_sale("3", "6.00", date="29-06-2026 10:00").replace("MUM01", "DEL01"),
    ]
    admin.upload(indian_file(*rows))
    work()


def _owner(app: App, login: str) -> DashboardOwner:
    return DashboardOwner(login, accounts.get_user(app.ports, login).created_at)


def _only(app: App, login: str = "admin-all") -> OwnDashboard:
    (dashboard,) = own_dashboards.find_dashboards(app.ports, _owner(app, login))
    return dashboard


def _pin(visitor: Visitor, address: str = BY_DAY, show: str = "chart", **form: str) -> OwnDashboard:
    """Pin to the dashboard Mine, which is created by the first."""
    own = {"title": f"Tile {show}", "address": address, "show": show, "name": "Mine"} | form
    answer = visitor.post("/dashboards/pin", own)
    assert answer.status_code == 303, answer.text
    return _only(visitor.app)


def _fragments(page: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'data-tile="([^"]*)"', page)]


def _tiles(visitor: Visitor, dashboard: OwnDashboard, query: str = "") -> list[str]:
    """The words of each tile, as the page loads them."""
    page = visitor.get(f"{dashboard.address}{query}").text
    return [page_words(visitor.get(one).text) for one in _fragments(page)]


def test_the_demo_has_a_dashboard_that_everybody_can_open(person: People, app: App) -> None:
    created = demo_dashboard.add_dashboard(app, "samples")
    assert created
    assert len(created.tiles) == len(demo_dashboard.TILES)
    assert demo_dashboard.add_dashboard(app, "samples") is None
    for role in Role:
        reader = person(role, *(() if role is Role.ADMIN else ("IN",)))
        assert demo_dashboard.DASHBOARD_NAME in reader.get("/dashboards").text
        page = reader.get(created.address).text
        assert all(reader.get(one).status_code == 200 for one in _fragments(page))
        assert "You cannot see this tile" not in "".join(reader.get(one).text for one in _fragments(page))


def test_a_chart_a_table_and_a_number_are_pinned_from_explore(sold: Visitor, app: App) -> None:
    page = sold.get(BY_DAY).text
    address = re.search(r'action="/dashboards/pin">.*?name="address" value="([^"]*)"', page, re.DOTALL)
    assert address
    for show in ("chart", "table", "number"):
        dashboard = _pin(sold, html.unescape(address[1]), show, dashboard=_only(app).id if show != "chart" else "")
    chart, table, number = _tiles(sold, dashboard)
    assert '"values":[6.0,14.0]' in sold.get(_fragments(sold.get(dashboard.address).text)[0]).text.replace(" ", "")
    assert "29 Jun 2026 6.00 30 Jun 2026 14.00" in table
    assert number.startswith("20.00 INR")
    assert "Open in Explore" in chart


def test_a_number_has_its_change(sold: Visitor) -> None:
    dashboard = _pin(sold, f"/explore?measure=revenue&by=&against=previous&{JUNE}", "number")
    (number,) = _tiles(sold, dashboard)
    assert "20.00 INR ▲ up 100.0% vs" in number


def test_a_tile_links_back_to_its_exploration(sold: Visitor) -> None:
    dashboard = _pin(sold, f"{BY_DAY}&region=IN&sort=-revenue", "table")
    fragment = sold.get(_fragments(sold.get(dashboard.address).text)[0]).text
    link = re.search(r'href="(/explore[^"]*)">Open in Explore', fragment)
    assert link
    assert all(part in link[1] for part in ("by=day", "region=IN", "sort=-revenue", "from=2026-06-01"))
    assert "pinned" not in link[1]
    assert page_words(sold.get(html.unescape(link[1])).text).index("14.00") > 0


def test_filters_of_the_page_apply_to_each_tile_or_a_note_names_them(sold: Visitor, app: App) -> None:
    dashboard = _pin(sold, f"/explore?measure=revenue&by=&region=IN&{JUNE}", "number")
    dashboard = _pin(sold, f"/explore?measure=revenue&by=&{JUNE}", "number", dashboard=dashboard.id)
    may = "?preset=own&from=2026-05-01&to=2026-05-31"
    assert [one.split()[0] for one in _tiles(sold, dashboard, may)] == ["10.00", "10.00"]
    assert [one.split()[0] for one in _tiles(sold, dashboard, "?region=IN")] == ["20.00", "20.00"]
    assert "not applied" not in sold.get(f"{dashboard.address}?region=IN&store=MUM01").text
    dashboard = _pin(sold, f"/explore?measure=revenue&by=&store=DEL01&{JUNE}", "number", dashboard=dashboard.id)
    page = sold.get(f"{dashboard.address}?store=MUM01").text
    assert page_words(page).count("Store above: not applied, because the tile has its own.") == 1
    assert [one.split()[0] for one in _tiles(sold, dashboard, "?store=MUM01")] == ["14.00", "14.00", "6.00"]


def test_tiles_are_arranged_renamed_removed_and_restored(sold: Visitor, app: App) -> None:
    for title in ("A", "B", "C"):
        dashboard = _pin(sold, title=title, dashboard=_only(app).id if title != "A" else "")
    first, second, third = (one.id for one in dashboard.tiles)
    order = {"tile": [third, first, second], "width": ["full", "third", "half"]}
    assert sold.post(f"{dashboard.address}/arrange", order).status_code == 303
    assert [(one.title, one.width) for one in _only(app).tiles] == [("C", "full"), ("A", "third"), ("B", "half")]
    sold.post(f"{dashboard.address}/arrange", {"move": f"{second}:-1"})
    assert [one.title for one in _only(app).tiles] == ["C", "B", "A"]
    sold.post(f"{dashboard.address}/arrange", {"move": f"{first}:1"})
    assert [one.title for one in _only(app).tiles] == ["C", "B", "A"]
    sold.post(f"{dashboard.address}/tiles/{second}", {"title": "Days", "show": "table", "width": "full"})
    changed = _only(app).tiles[1]
    assert (changed.title, changed.show, changed.width) == ("Days", "table", "full")
    answer = sold.post(f"{dashboard.address}/tiles/{second}/remove")
    assert [one.title for one in _only(app).tiles] == ["C", "A"]
    page = sold.get(answer.headers["Location"]).text
    assert "“Days” removed" in page
    assert f'action="{dashboard.address}/tiles/{second}/restore"' in page
    sold.post(f"{dashboard.address}/tiles/{second}/restore")
    assert [one.title for one in _only(app).tiles] == ["C", "Days", "A"]
    assert sold.post(f"{dashboard.address}/tiles/{second}/restore").status_code == 404


def test_a_dashboard_is_removed_and_restored_for_thirty_days(person: People, app: App) -> None:
    admin = person(Role.ADMIN)
    dashboard = _pin(admin)
    admin.post(f"{dashboard.address}/remove")
    assert admin.get(dashboard.address).status_code == 404
    assert "Restore" in admin.get("/dashboards").text
    admin.post("/dashboards", {"name": "Mine"})
    assert admin.post(f"{dashboard.address}/restore").status_code == 422
    admin.post(f"{_only(app).address}/remove")
    assert admin.post(f"{dashboard.address}/restore").status_code == 303
    assert _only(app).tiles == dashboard.tiles
    admin.post(f"{dashboard.address}/remove")
    app.ports.clock.sleep(31 * 86_400)
    own_dashboards.create_dashboard(app.ports, dashboard.owner, "Other")
    assert app.ports.documents.get(own_dashboards.DASHBOARDS.name, dashboard.id) is None


def test_a_shared_dashboard_shows_each_reader_their_own_scope(sold: Visitor, person: People, app: App) -> None:
    manager, clerk = person(Role.MANAGER, "IN"), person(Role.CLERK, "UK")
    manager.post(
        "/dashboards/pin",
        {"title": "Sum", "address": f"/explore?measure=revenue&by=&{JUNE}", "show": "number", "name": "Ours"},
    )
    ours = _only(app, "manager-in")
    assert clerk.get(ours.address).status_code == 404
    manager.post(ours.address, {"name": "Ours", "shared": "yes"})
    assert "Ours" in clerk.get("/dashboards").text
    assert _tiles(manager, ours)[0].startswith("20.00")
    assert "20.00" not in _tiles(clerk, ours)[0]
    page = clerk.get(ours.address).text
    assert "Shared by manager-in" in page
    assert "/arrange" not in page
    tile = ours.tiles[0].id
    changes = (("arrange", {"tile": tile}), (f"tiles/{tile}/remove", {}), ("remove", {}), ("", {"name": "Theirs"}))
    for place, form in changes:
        assert clerk.post(f"{ours.address}/{place}".rstrip("/"), form).status_code == 404
    assert sold.post(f"{ours.address}/remove").status_code == 303
    assert manager.post(f"{ours.address}/restore").status_code == 303


def test_a_tile_beyond_the_rights_of_a_reader_is_alone_in_it(sold: Visitor, person: People, app: App) -> None:
    admin = sold
    _pin(admin, f"/explore?measure=revenue&by=customer&{JUNE}", "table")
    dashboard = _pin(admin, f"/explore?measure=orders&by=&{JUNE}", "number", dashboard=_only(app).id)
    admin.post(dashboard.address, {"name": "Mine", "shared": "yes"})
    first, second = _tiles(person(Role.ANALYST), dashboard)
    assert first.startswith("You cannot see this tile. customer cannot be chosen here")
    assert second.startswith("2")


def test_a_dashboard_or_a_view_opens_the_portal(person: People, app: App) -> None:
    admin = person(Role.ADMIN)
    dashboard = _pin(admin)
    admin.post("/dashboards/start", {"dashboard": dashboard.id})
    assert admin.get("/").headers["Location"] == dashboard.address
    admin.post("/views", {"name": "June", "address": BY_DAY, "start": "yes"})
    assert admin.get("/").headers["Location"] == BY_DAY
    admin.post("/dashboards/start", {"dashboard": dashboard.id})
    admin.post(f"{dashboard.address}/remove")
    assert admin.get("/").headers["Location"] == "/dashboard"
    assert person(Role.CLERK, "IN").post("/dashboards/start", {"dashboard": dashboard.id}).status_code == 404
    assert app.ports.documents.get(own_dashboards.DASHBOARDS.name, dashboard.id)


def test_a_saved_view_is_pinned(person: People) -> None:
    admin = person(Role.ADMIN)
    admin.post("/views", {"name": "Days of June", "address": BY_DAY})
    link = re.search(r'href="(/dashboards/pin[^"]*)"', admin.get("/views").text)
    assert link
    page = admin.get(html.unescape(link[1])).text
    assert 'value="Days of June"' in page
    assert f'name="address" value="{html.escape(BY_DAY)}"' in page


@pytest.mark.parametrize(
    "form",
    [
        {"title": " "},
        {"title": "x" * 81},
        {"show": "pie"},
        {"address": "/people"},
        {"address": "https://elsewhere.example/explore"},
        {"address": "/explore?" + "x" * 2001},
        {"name": ""},
    ],
)
def test_what_cannot_be_pinned_is_refused_and_creates_nothing(person: People, app: App, form: dict[str, str]) -> None:
    admin = person(Role.ADMIN)
    own = {"title": "Days", "address": BY_DAY, "show": "chart", "name": "Mine"} | form
    assert admin.post("/dashboards/pin", own).status_code == 422
    assert not own_dashboards.find_dashboards(app.ports, _owner(app, "admin-all"))


def test_names_and_numbers_of_dashboards_and_tiles_are_limited(person: People, app: App) -> None:
    admin = person(Role.ADMIN)
    owner = _owner(app, "admin-all")
    dashboard = own_dashboards.create_dashboard(app.ports, owner, "Mine")
    assert own_dashboards.create_dashboard(app.ports, owner, " Mine ").id == dashboard.id
    for _ in range(own_dashboards.MAX_TILES):
        _pin(admin, dashboard=dashboard.id)
    full = {"title": "More", "address": BY_DAY, "show": "chart", "dashboard": dashboard.id}
    assert admin.post("/dashboards/pin", full).status_code == 422
    for number in range(own_dashboards.MAX_DASHBOARDS - 1):
        own_dashboards.create_dashboard(app.ports, owner, f"Further {number}")
    assert admin.post("/dashboards", {"name": "One more"}).status_code == 422
    assert admin.post(dashboard.address, {"name": "Further 1"}).status_code == 422
    assert admin.post(f"{dashboard.address}/arrange", {"tile": "x", "width": "wide"}).status_code == 303
    tile = _only_named(app, owner, "Mine").tiles[0]
    wrong = {"title": "A", "show": "chart", "width": "wide"}
    assert admin.post(f"{dashboard.address}/tiles/{tile.id}", wrong).status_code == 422


def _only_named(app: App, owner: DashboardOwner, name: str) -> OwnDashboard:
    (dashboard,) = [one for one in own_dashboards.find_dashboards(app.ports, owner) if one.name == name]
    return dashboard


def test_an_empty_page_explains_how_to_pin(person: People) -> None:
    assert "open Pin at the top" in person(Role.ANALYST, "IN").get("/dashboards").text
