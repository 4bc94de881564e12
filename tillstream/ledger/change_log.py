"""The changes of one settlement: from which content to which, per key."""

from tillstream.ledger.settle_script import ScriptRunner


class ChangeLog:
    """Records transitions once it is started; until then, the versions that were added are the changes."""

    def __init__(self, script: ScriptRunner, settlement_no: int) -> None:
        self._script, self._settlement_no = script, settlement_no
        self._moves = 0
        self.append_only = True
        """True while no line existed before."""
        script.cursor.execute(
            "CREATE OR REPLACE TEMP TABLE transitions (seq BIGINT, key UHUGEINT, old BIGINT, new BIGINT)"
        )

    def start(self) -> None:
        """Record every transition from here on."""
        if self.append_only:
            self.append_only = False
            self._add("transitions_so_far", settlement_no=self._settlement_no)

    def add_new_lines(self) -> None:
        if not self.append_only:
            self._add("add_transitions_of_new_lines")

    def add_changes(self) -> None:
        self._add("add_transitions_of_changes")

    def write(self) -> None:
        """Write the net change per key to `listed_changes`."""
        if not self.append_only:
            self._script.run("changes" if self._moves > 1 else "changes_of_one_wave", settlement_no=self._settlement_no)

    def _add(self, step: str, **params: int) -> None:
        self._moves += 1
        self._script.run(step, seq=self._moves, **params)
