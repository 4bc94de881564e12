"""A kind of alert rules that is declared with its condition is offered, previewed, evaluated and shown."""

from decimal import Decimal
from pathlib import Path

import pytest
from shop_steps import Shop

from tillstream.alerts import conditions, kinds
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.evaluation import evaluate_rules
from tillstream.alerts.kinds import AlertKind, RuleLimit, RuleParameter
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action

KIND = AlertKind(
    "full-shelf",
    "Full shelf",
    "A shelf holds more parcels than it can bear.",
    "Take a parcel away.",
    "{count} shelves are full in {place}",
    (RuleParameter("parcels", "At least", "parcels", Decimal(5), Decimal(1), Decimal(100)),),
    (RuleLimit.REGIONS,),
    Action.SEE_NUMBERS,
)
MODULE = """
from tillstream.alerts.condition import Condition
from tillstream.alerts.observations import Observation


def _evaluate(sources, rule, at):
    return [Observation("shelf", "The shelf by the door is full", 7, rule.threshold, region="IN")]


def _replay(sources, rule, first, last):
    return {last: _evaluate(sources, rule, last)}


CONDITIONS = {"full-shelf": Condition(_evaluate, _replay)}
"""


def test_a_declared_kind_is_offered_previewed_and_evaluated(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as added:
        (tmp_path / "full_shelf.py").write_text(MODULE)
        added.setattr(conditions, "__path__", [*conditions.__path__, str(tmp_path)])
        added.setitem(kinds.KINDS, KIND.name, KIND)

        assert "/alerts/rules/new?kind=full-shelf" in shop.boss.get("/alerts/rules").text
        assert "A shelf holds more parcels" in shop.boss.get("/alerts/rules/new?kind=full-shelf").text
        form = {"kind": "full-shelf", "name": "Shelves", "parameter-parcels": "6"}
        preview = shop.boss.post("/alerts/rules/new", form | {"do": "preview"}).text
        assert "would have raised 1 alert" in preview
        assert shop.boss.post("/alerts/rules/new", form).status_code == 303
        assert evaluate_rules(AlertSources(shop.app.ports, shop.app.contracts, "INR")).failed == {}
        (alert,) = shop.boss.get("/api/v1/alerts").json["alerts"]
        assert (alert["kind"], alert["title"]) == ("full-shelf", "The shelf by the door is full")
        assert "Take a parcel away." in shop.boss.get(alert["path"]).text
    for page in ("/alerts/rules", "/alerts", "/api/v1/alerts", "/api/v1/alert-rules"):
        assert "shelf" not in shop.boss.get(page).text
    assert shop.boss.get(alert["path"]).status_code == 404
    with pytest.raises(NotFound, match="no kind of alerts “full-shelf”"):
        kinds.kind_of("full-shelf")
