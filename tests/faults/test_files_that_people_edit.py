"""Contracts and credentials that are cut, changed, emptied or gone: the server starts, and says what to do.

Sales of stores that are accepted count as before. A change that a person means is confirmed in one step.
"""

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_factory import build

from examples import in_long_proofs
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import inbox, store_sales
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.model.events import INBOX
from tillstream.model.messages import store_sale_schema
from tillstream.operations import kept_originals
from tillstream.people.store_credentials import StoreToken
from tillstream.records import batch_records, losses
from tillstream.records.losses import Loss, LossKind, Resolution
from tillstream.review import held_batches
from tillstream.server.worker import Worker
from tillstream.settings import Settings

CONTRACT = b"""name: shop
region: Shop
currency: GBP
columns:
  {sale_id: number, line_key: line, date: day, store_id: store, product_id: product, quantity: quantity,
    unit_price: price}
"""
FILE = b"number,line,day,store,product,quantity,price\n%d,1,2026-06-05,LON1,P1,1,2.50\n"
Damage = Callable[[Path], object]


class Home:
    """A home with an own contract that has read a file, and a credential; its server works in this process."""

    def __init__(self, folder: Path, sales: int = 0) -> None:
        self.contract, self.secret = folder / "contracts" / "shop.yaml", folder / "secrets" / "erp"
        self._settings, self._sales = Settings(home=folder, threads=1, samples=False, project=""), sales
        self.clock = ManualClock()
        self.clock.advance(60 * sales)
        self.app: App = build(self._settings, self.clock)

    def restart(self) -> None:
        self.app.close()
        self.app = build(self._settings, self.clock)

    def load(self) -> None:
        """Upload another file. Raises as the portal does."""
        self.clock.advance(1)
        self._sales += 1
        file = io.BytesIO(FILE % self._sales)
        inbox.receive_file(self.app.ports, self.app.contracts.pin("shop"), f"{self._sales}.csv", file, "ana")
        Worker(self.app).run_until_idle()

    def sell(self) -> None:
        self.clock.advance(1)
        self._sales += 1
        sale = store_sale_schema()["examples"][0] | {"region": "Shop", "store_id": "LON1", "number": f"T{self._sales}"}
        sale["lines"] = sale["lines"][:1]
        store_sales.publish_unsigned_sale(self.app.ports, StoreToken("till", "Shop", "LON1"), sale)
        Worker(self.app).run_until_idle()

    def counted(self) -> int:
        (row,) = self.app.ports.warehouse.query("SELECT COUNT(*) AS n FROM sale_lines").to_pylist()
        return int(row["n"])

    def check(self) -> list[str]:
        assert self.app.home
        return self.app.home.run(whole=True)

    def lost(self) -> list[Loss]:
        return [one.loss for one in losses.open_losses(self.app.ports)]

    def decide(self, resolution: Resolution, reason: str = "") -> None:
        (one,) = losses.open_losses(self.app.ports)
        kept_originals.decide_loss(self.app.ports, one.id, resolution, reason, by="ana", home=self.app.home)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("whole") / "home"
    for name, content in (("contracts/shop.yaml", CONTRACT), ("secrets/erp", b"swordfish\n")):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(content)
    home = Home(folder)
    home.load()
    home.sell()
    assert (home.check(), home.counted()) == ([], 2)
    home.app.close()
    return home


@pytest.fixture
def home(whole: Home, tmp_path: Path) -> Iterator[Home]:
    home = Home(Path(shutil.copytree(whole.contract.parents[1], tmp_path / "home")), sales=2)
    yield home
    home.app.close()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garble(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"GBP", b"EUR").replace(b"sword", b"Sword"))


def older(path: Path) -> None:
    path.write_bytes(CONTRACT)


EVERYDAY: list[tuple[Damage, bool]] = [
    (cut, True),
    (empty, False),
    (garble, False),
    (change, False),
    (Path.unlink, True),
]
DAMAGES = [*EVERYDAY, *in_long_proofs(*((damage, not restarts) for damage, restarts in EVERYDAY))]


@pytest.mark.parametrize("torn", DAMAGES)
def test_a_damaged_contract_holds_its_files_until_it_is_whole(home: Home, torn: tuple[Damage, bool]) -> None:
    damage, restarts = torn
    damage(home.contract)
    if restarts:
        home.restart()
    home.check()
    assert home.check() == [], "said once"
    (loss,) = home.lost()
    assert (loss.kind, loss.name) == (LossKind.STATE, "contracts/shop.yaml")
    assert "copy it from a backup" in loss.remedy.casefold()
    with pytest.raises(Rejected, match=r"shop\.yaml.*opy it from a backup.*No file is read.*until then"):
        home.load()
    home.sell()
    assert home.counted() == 3, "a sale that was accepted counts"
    with pytest.raises(Rejected, match=r"It is not restored\. .*shop\.yaml"):
        home.decide(Resolution.RESTORED)
    home.contract.write_bytes(CONTRACT)
    assert home.check() == []
    home.load()
    assert (home.lost(), home.counted()) == ([], 4)


def test_a_file_that_is_in_the_inbox_is_held_while_its_contract_is_damaged(home: Home) -> None:
    cut(home.contract)
    home.check()
    with home.app.ports.objects.writer(INBOX, "shop/late.csv") as out:
        out.write(FILE % 99)
    Worker(home.app).run_until_idle()
    (held,) = batch_records.find_batches(home.app.ports, state=BatchState.HELD)
    assert "shop.yaml" in held.holds[0].message
    home.contract.write_bytes(CONTRACT)
    home.check()
    held_batches.assign_contract(home.app.ports, home.app.contracts, held.batch_id, "shop", "ana")
    Worker(home.app).run_until_idle()
    assert home.counted() == 3


def test_an_edited_contract_with_a_new_version_is_no_loss_and_an_older_one_is(home: Home) -> None:
    changed = CONTRACT.replace(b"currency", b"version: 2\ndescription: ours\ncurrency")
    home.contract.write_bytes(changed)
    home.restart()
    home.load()
    assert (home.check(), home.app.contracts.current("shop").version) == ([], 2)
    older(home.contract)
    home.restart()
    (loss,) = home.lost()
    assert "has version 1, but had version 2" in loss.message
    assert "change the version to 3" in loss.remedy
    assert home.app.contracts.current("shop").version == 2


def test_a_contract_that_read_no_file_is_edited_without_a_version(home: Home) -> None:
    new = home.contract.with_name("kiosk.yaml")
    new.write_bytes(CONTRACT.replace(b"shop", b"kiosk").replace(b"region: Shop", b"region: Kiosk"))
    assert home.check() == []
    change(new)
    assert home.check() == []
    assert home.app.contracts.pin("kiosk").currency == "EUR"


def test_a_broken_contract_that_was_never_whole_is_named_when_it_is_used(home: Home) -> None:
    garble(home.contract.with_name("kiosk.yaml"))
    home.restart()
    with pytest.raises(Rejected, match=r"kiosk\.yaml is not YAML text"):
        home.app.contracts.pin("kiosk")
    home.load()


def test_contracts_that_contradict_each_other_do_not_stop_the_start(home: Home) -> None:
    other = CONTRACT.replace(b"name: shop", b"name: kiosk").replace(b"line_key: line, ", b"")
    home.contract.with_name("kiosk.yaml").write_bytes(other + b"identity: {ids: region-wide}\n")
    home.restart()
    (loss,) = home.lost()
    assert (loss.name, "identify sales differently" in loss.message) == ("contracts/kiosk.yaml", True)
    home.load()


def test_a_person_confirms_that_a_contract_was_removed(home: Home) -> None:
    home.contract.unlink()
    home.check()
    home.decide(Resolution.ACCEPTED, "The shop is closed.")
    assert (home.check(), home.lost()) == ([], [])
    home.restart()
    assert (home.check(), "shop" in home.app.contracts.names()) == ([], False)
    home.contract.write_bytes(CONTRACT)
    home.check()
    home.contract.unlink()
    home.check()
    assert [one.name for one in home.lost()] == ["contracts/shop.yaml"], "removed once more"


@pytest.mark.parametrize("torn", DAMAGES)
def test_a_damaged_credential_is_named_until_it_is_whole(home: Home, torn: tuple[Damage, bool]) -> None:
    damage, restarts = torn
    damage(home.secret)
    if restarts:
        home.restart()
    sentences = home.check()
    (loss,) = home.lost()
    assert (loss.kind, loss.name, len(sentences)) == (LossKind.STATE, "secrets/erp", 1)
    assert "from where you keep it" in loss.remedy
    assert "fish" not in f"{loss} {home.app.ports.documents.find('upkeep')}"
    with pytest.raises(Rejected, match="It is not restored"):
        home.decide(Resolution.RESTORED)
    with pytest.raises(Rejected, match="is not sent to it again"):
        home.decide(Resolution.SENT_AGAIN)
    assert home.check() == [], "said once"
    home.secret.write_bytes(b"swordfish\n")
    if restarts:
        home.restart()
    assert (home.check(), home.lost()) == ([], [])


def test_a_person_confirms_a_new_credential_and_a_later_damage_is_a_loss_again(home: Home) -> None:
    home.secret.write_bytes(b"tuna")
    home.check()
    home.decide(Resolution.ACCEPTED, "It is a new password.")
    assert (home.check(), home.lost()) == ([], [])
    change(home.secret)
    assert home.check() == []
    home.secret.write_bytes(b"trout")
    assert len(home.check()) == 1
    home.secret.unlink()
    home.check()
    home.decide(Resolution.ACCEPTED, "It is not used any more.")
    assert (home.check(), home.lost()) == ([], [])
    home.secret.write_bytes(b"carp")
    assert home.check() == [], "a new file"
