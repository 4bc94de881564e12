"""Tills in any order of recording, sending, lost replies, copies, restored states and damage, compared with a model."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from store_server import Handler, StoreServer, sale

from examples import examples
from tillstream_till import Till
from tillstream_till.errors import ConflictingSale
from tillstream_till.setup_code import encode

NUMBERS = st.integers(1, 12).map(str)
NETS = st.integers(1, 3).map(lambda amount: f"{amount}.50")


def lost_request(handler: Handler) -> bool:
    handler.hang_up()
    return False


def lost_reply(handler: Handler) -> bool:
    handler.hang_up()
    return True


def unavailable(handler: Handler) -> bool:
    handler.reply(503, {"detail": "later"}, Retry_After="1")
    return False


class Tills(RuleBasedStateMachine):
    """One till with copies of its folder, and the sales that it must have sent in the end."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.server = StoreServer()
        self.store = self.server.store
        self.store.new_key("k1")
        self.markers = self.folder / "markers"
        self.tills = [Till.init(self.folder / "till", encode(self.server.setup()), markers=self.markers)]
        self.durable: dict[tuple[str, int], str] = {}
        """The amount of each version of a sale that is recorded and that no restored state or damage may have lost."""
        self.ever: dict[tuple[str, int], set[str]] = {}
        self.backup: dict[tuple[str, int], str] | None = None
        self.is_one_till = True
        self.order: list[str] = []

    @rule(number=NUMBERS, version=st.integers(1, 3), net=NETS, which=st.integers(0, 2))
    def record(self, number: str, version: int, net: str, which: int) -> None:
        till = self.tills[which % len(self.tills)]
        try:
            receipt = till.record(sale(number, net, version=version))
        except ConflictingSale:
            assert self.ever[number, version] - {net}
            return
        self.ever.setdefault((number, version), set()).add(net)
        self.durable.setdefault((number, version), net)
        if not receipt.repeated and number not in self.order:
            self.order.append(number)

    @rule(which=st.integers(0, 2), fault=st.sampled_from([None, None, lost_request, lost_reply, unavailable]))
    def send(self, which: int, fault: Any) -> None:
        self.store.faults[:] = [fault] if fault else []
        report = self.tills[which % len(self.tills)].send()
        assert report.refused == 0
        assert report.error or report.unsent == 0

    @rule(which=st.integers(0, 2))
    def restart(self, which: int) -> None:
        index = which % len(self.tills)
        self.tills[index].close()
        self.tills[index] = Till.open(self.tills[index].folder, markers=self.markers)

    @rule()
    def back_up(self) -> None:
        shutil.copy(self.folder / "till" / "outbox.sqlite", self.folder / "backup")
        self.backup = dict(self.durable)

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self) -> None:
        """Sales that were recorded since and not sent are lost with the newer file."""
        shutil.copy(self.folder / "backup", self.folder / "restored")
        (self.folder / "restored").replace(self.folder / "till" / "outbox.sqlite")
        assert self.backup is not None
        self._lose_all_but(self.backup)

    @precondition(lambda self: len(self.tills) < 3)
    @rule()
    def copy(self) -> None:
        target = self.folder / f"copy{len(self.tills)}"
        shutil.copytree(self.folder / "till", target)
        self.tills.append(Till.open(target, markers=self.markers))
        self.is_one_till = False

    @rule(missing=st.integers(1, 9000))
    def truncate(self, missing: int) -> None:
        outbox = self.folder / "till" / "outbox.sqlite"
        with outbox.open("r+b") as stream:
            stream.truncate(max(0, outbox.stat().st_size - missing))
        self._lose_all_but({})

    def _lose_all_but(self, kept: dict[tuple[str, int], str]) -> None:
        arrived = {(each["number"], each["version"]) for each in self.store.arrived}
        self.durable = {key: net for key, net in self.durable.items() if key in kept or key in arrived}
        self.is_one_till = False

    @invariant()
    def no_sequence_has_two_payloads(self) -> None:
        if hasattr(self, "store"):
            assert self.store.reused == []

    def teardown(self) -> None:
        if not hasattr(self, "store"):
            return
        self.store.faults.clear()
        for till in self.tills:
            assert till.send(wait=5).error == ""
            assert till.status(refresh=False)["unsent"] == 0
            till.close()
        arrived = {(each["number"], each["version"]) for each in self.store.arrived}
        assert set(self.durable) <= arrived <= set(self.ever)
        assert all(
            each["lines"][0]["net_amount"] in self.ever[each["number"], each["version"]] for each in self.store.arrived
        )
        for number, counted in self.store.sales.items():
            assert counted["version"] == max(version for each, version in arrived if each == number)
        if self.is_one_till:
            assert self.store.first_arrivals() == self.order
        self.server.stop()
        shutil.rmtree(self.folder)


TestTills = Tills.TestCase
TestTills.settings = settings(max_examples=examples(60), stateful_step_count=30, deadline=None)
