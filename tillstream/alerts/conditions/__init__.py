"""The conditions of all kinds of rules; each module has one, and `stock` has three."""

from collections.abc import Mapping

from tillstream.alerts.condition import Condition
from tillstream.alerts.conditions import (
    connector_late,
    data_lost,
    dead_letters,
    files_held,
    goal_behind,
    large_sale,
    pass_rate,
    price_off_list,
    region_late,
    return_rate,
    rows_in_quarantine,
    stock,
    store_silent,
    unusual_day,
)
from tillstream.alerts.kinds import KindName

CONDITIONS: Mapping[KindName, Condition] = {
    KindName.FILES_HELD: files_held.CONDITION,
    KindName.ROWS_IN_QUARANTINE: rows_in_quarantine.CONDITION,
    KindName.PASS_RATE: pass_rate.CONDITION,
    KindName.DEAD_LETTERS: dead_letters.CONDITION,
    KindName.DATA_LOST: data_lost.CONDITION,
    KindName.CONNECTOR_LATE: connector_late.CONDITION,
    KindName.REGION_LATE: region_late.CONDITION,
    KindName.STORE_SILENT: store_silent.CONDITION,
    KindName.UNUSUAL_DAY: unusual_day.CONDITION,
    KindName.LARGE_SALE: large_sale.CONDITION,
    KindName.GOAL_BEHIND: goal_behind.CONDITION,
    KindName.PRICE_OFF_LIST: price_off_list.CONDITION,
    KindName.RETURN_RATE: return_rate.CONDITION,
    KindName.STOCK_LOW: stock.LOW,
    KindName.STOCK_OUT: stock.OUT,
    KindName.STOCK_NEGATIVE: stock.NEGATIVE,
}
