"""The company's own contracts where there is no folder: documents that each instance sees as soon as they are saved."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tillstream.app import App, open_app
from tillstream.app.custom_contracts import ContractsInDocuments
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.errors import Conflict, Rejected
from tillstream.settings import Settings


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(Settings(home=tmp_path, threads=1), rates=False) as app:
        yield app


def instance(app: App) -> ContractRegistry:
    own = ContractsInDocuments(app.ports)
    return ContractRegistry(app.ports.documents, own.read(), own.save, own.read)


def test_what_one_instance_saves_the_others_read_by_at_their_next_event(app: App) -> None:
    one, other = instance(app), instance(app)
    saved = one.save(one.current("IN").model_copy(update={"description": "Ours"}), "emma")
    assert saved.version == one.current("IN").version > other.current("IN").version
    other.refresh()
    assert other.current("IN") == saved


def test_a_new_contract_is_known_everywhere(app: App) -> None:
    one, other = instance(app), instance(app)
    one.save(one.current("IN").model_copy(update={"name": "IN-web"}), "emma")
    other.refresh()
    assert "IN-web" in other.names()


def test_who_did_not_see_the_others_change_saves_nothing(app: App) -> None:
    one, other = instance(app), instance(app)
    one.save(one.current("IN").model_copy(update={"description": "Mine"}), "emma")
    with pytest.raises(Conflict, match="changed by someone else"):
        other.save(other.current("IN").model_copy(update={"description": "Also mine"}), "tom")
    one.refresh()
    assert one.current("IN").description == "Mine"


def test_a_contract_with_another_sale_id_rule_than_its_region_is_rejected(app: App) -> None:
    registry = instance(app)
    registry.pin("IN")
    odd = registry.current("classic-models").model_copy(update={"name": "IN-odd", "region": "IN"})
    with pytest.raises(Rejected, match="identify sales differently"):
        registry.save(odd, "emma")
    assert "IN-odd" not in instance(app).names()


def test_a_contract_may_differ_from_a_shipped_one_that_nothing_uses_which_is_refused_then(app: App) -> None:
    registry = instance(app)
    odd = registry.save(registry.current("USA").model_copy(update={"name": "shops", "region": "UK"}), "emma")
    for other in (registry, instance(app)):
        with pytest.raises(Rejected, match="shops and UK both belong to the region UK, but identify sales differently"):
            other.pin("UK")
    assert registry.pin("shops") == odd
    assert set(registry.in_use()) == {"shops"}


def test_tills_of_a_region_follow_the_companys_own_contract_unless_the_shipped_one_is_used(app: App) -> None:
    registry = instance(app)
    registry.save(registry.current("UK").model_copy(update={"name": "shops", "description": "Ours"}), "emma")
    own, shipped = registry.for_region("UK"), registry.for_region("USA")
    assert (own and own.name, shipped and shipped.name) == ("shops", "USA")
    registry.pin("UK")
    used = registry.for_region("UK")
    assert used
    assert used.name == "UK"
