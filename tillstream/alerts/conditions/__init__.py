"""The conditions of all kinds of rules, one module each."""

from collections.abc import Mapping

from tillstream.alerts.conditions import (
    dead_letters,
    files_held,
    large_sale,
    region_late,
    rows_in_quarantine,
)
from tillstream.alerts.conditions.condition import Condition
from tillstream.domain.alerts.kinds import KindName

CONDITIONS: Mapping[KindName, Condition] = {
    KindName.FILES_HELD: files_held.CONDITION,
    KindName.ROWS_IN_QUARANTINE: rows_in_quarantine.CONDITION,
    KindName.DEAD_LETTERS: dead_letters.CONDITION,
    KindName.REGION_LATE: region_late.CONDITION,
    KindName.LARGE_SALE: large_sale.CONDITION,
}
