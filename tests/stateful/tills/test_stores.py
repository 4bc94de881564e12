"""Tills, forms, files and day closes in any order, with copies, forgeries, undos and a dying worker."""

import json
import tempfile
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from stores import DAY, REGION, STORES, Company, amount, payload
from till_lines import LOST_REPLY, LOST_REQUEST

from examples import examples
from tillstream.model import messages
from tillstream.model.messages import CountedSale
from tillstream.operations import rebuild
from tillstream.review import day_closes

NUMBERS, VERSIONS = st.integers(1, 6).map(str), st.integers(1, 3)
WHICH, STORE = st.integers(0, 3), st.sampled_from(STORES)
WEEKS = 3 * 7 * 86_400


class Stores(RuleBasedStateMachine):
    """After every schedule nothing acknowledged is lost, and what counts equals a plain model."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.company = Company(Path(self.folder.name))

    @rule(which=WHICH, number=NUMBERS, version=VERSIONS)
    def record(self, which: int, number: str, version: int) -> None:
        self.company.tills[which % len(self.company.tills)].record(payload(number, version))

    @rule(which=WHICH, fault=st.sampled_from([None, None, LOST_REQUEST, LOST_REPLY]))
    def send(self, which: int, fault: str | None) -> None:
        till = self.company.tills[which % len(self.company.tills)]
        unsent = [json.loads(one["payload"]) for one in till.export()]
        self.company.line.faults = [fault]
        report = till.send()
        self.company.line.faults = []
        assert report.refused == 0
        if not report.error:
            sales = [one for one in unsent if "number" in one]
            self.company.recorded |= {(till.setup.store_id, one["number"], one.get("version", 0)) for one in sales}

    @rule(which=WHICH)
    def kill_a_till(self, which: int) -> None:
        self.company.kill(which)

    @rule()
    def back_up(self) -> None:
        self.company.back_up()

    @precondition(lambda self: self.company.backup is not None)
    @rule()
    def restore(self) -> None:
        self.company.restore()

    @precondition(lambda self: len(self.company.tills) < 4)
    @rule(which=WHICH)
    def copy(self, which: int) -> None:
        self.company.copy_till(which)

    @rule(store=STORE, number=st.integers(1, 3))
    def enter_in_the_form(self, store: str, number: int) -> None:
        self.company.enter(store, f"W-{number}")

    @rule(store=STORE, number=NUMBERS, how=st.sampled_from(["unsigned", "altered", "stolen"]))
    def forge(self, store: str, number: str, how: str) -> None:
        self.company.forge(store, number, how)

    @rule(sales=st.dictionaries(st.tuples(STORE, NUMBERS), VERSIONS, max_size=4))
    def upload(self, sales: dict[tuple[str, str], int]) -> None:
        self.company.upload({sale: amount(sale[1], version) for sale, version in sales.items()})

    @rule(which=st.integers(0, 9))
    def undo(self, which: int) -> None:
        self.company.settle()
        self.company.undo(which)

    @rule(dies_after=st.integers(0, 60))
    def work(self, dies_after: int) -> None:
        self.company.work(dies_after)

    @rule()
    def weeks_pass(self) -> None:
        self.company.clock.advance(WEEKS)

    def teardown(self) -> None:
        if not hasattr(self, "company"):
            return
        company = self.company
        try:
            for which in range(len(company.tills)):
                self.send(which, None)
                company.tills[which].close_day(DAY, accept_gaps=True)
                self.send(which, None)
            company.settle()
            self._check()
        finally:
            company.close()
            self.folder.cleanup()

    def _check(self) -> None:
        company = self.company
        assert company.recorded <= set(company.messages(undone=True)), "an acknowledged sale is lost"
        assert all(
            net == amount(number, version) for (_, number, version), net in company.messages(undone=True).items()
        )
        counted = company.counted()
        assert company.stored() == counted
        for run in (rebuild.rebuild_from_ledger, rebuild.rebuild_from_originals):
            assert run(company.app.ports, company.app.fresh_warehouse)["differences"] == []
        for till in company.tills:
            assert till.status()["quarantined"] == []
        sales = {sale: CountedSale(sale[1], {"EUR": net}) for sale, net in counted.items()}
        for document in company.app.ports.documents.find(day_closes.DAY_CLOSES_COLLECTION, {"region": REGION}):
            message = json.loads(document.data["payload"])
            own = [sale for (store, _), sale in sales.items() if store == message["store_id"]]
            named = messages.expand_numbers(message["numbers"])
            sent = {number for store, number, _ in company.messages(undone=False) if store == message["store_id"]}
            surplus = {number for number in sent if number not in named and not number.startswith("W-")}
            expected = "agreed" if messages.compare_day_close(message, own, surplus).agrees else "open"
            assert document.data["state"] == expected, message


TestStores = Stores.TestCase
TestStores.settings = settings(
    max_examples=examples(20), stateful_step_count=14, deadline=None, phases=[Phase.explicit, Phase.generate]
)
