"""What must hold after a file was torn and the product has done what it can."""

from collections.abc import Sequence
from typing import Any

from faults.torn.kinds import Fate, Kind
from faults.torn.play import Torn

DAYS = 32
"""Days within which every kept original has been read."""


def judge(torn: Torn, kinds: Sequence[Kind], before: Sequence[dict[str, Any]]) -> None:
    """Check a home after `play`. before: receipts of the home when nothing is torn."""
    missing = torn.missing()
    if lacks := torn.lacks():
        assert not torn.is_green(), f"everything is working, but {lacks}; said: {torn.sentences}"
    fates = {kind.fate for kind in kinds}
    if missing:
        assert Fate.NAMED in fates, f"not repaired: {missing}; said: {torn.sentences}"
        lost = [key for key in missing if torn.book.sources[key] not in torn.held()]
        assert not lost or not torn.is_green(), f"everything is working, without {lost}; said: {torn.sentences}"
        unnamed = [key for key in lost if torn.book.sources[key] not in torn.named()]
        assert not unnamed, f"not named: {unnamed}; named: {torn.named()}; said: {torn.sentences}"
        if any(kind.is_edited for kind in kinds):
            torn.put_back_edited()
        _sent_again(torn)
        return
    if Fate.NAMED not in fates:
        kept = {row["batch_id"]: row for row in torn.receipts()}
        assert [kept.get(row["batch_id"]) for row in before] == [*before], f"other receipts; said: {torn.sentences}"
        assert torn.is_green(), f"repaired, but {torn.named()}; said: {torn.sentences}"
    if fates == {Fate.HARMLESS}:
        assert not torn.remedies, torn.sentences
    if any(kind.is_kept for kind in kinds):
        _is_named_in_time(torn)
    if edited := [kind for kind in kinds if kind.is_edited]:
        assert not torn.is_green(), f"a torn {edited[0].name}, and everything is working; said: {torn.sentences}"
        torn.put_back_edited()
        assert len(kinds) > 1 or torn.is_green(), f"put back, but {torn.named()}"


def _is_named_in_time(torn: Torn) -> None:
    """The damage of a kept original is named before somebody needs it."""
    for _ in range(DAYS):
        if not torn.is_green():
            return
        torn.clock.advance(86_400)
        torn.sweep()
    raise AssertionError(f"damaged for {DAYS} days, and everything is working; said: {torn.sentences}")


def _sent_again(torn: Torn) -> None:
    """What was lost counts again once it is sent again, and then nothing is amiss."""
    torn.send_again()
    missing = [key for key in torn.missing() if torn.book.sources[key] in torn.book.can_be_sent_again]
    assert not missing, f"sent again, but without {missing}; said: {torn.sentences}"
    torn.decide()
    assert torn.missing() or torn.is_green(), f"sent again and decided, but {torn.named()}"
