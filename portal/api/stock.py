"""Stock for programs: levels now or in the past, what stores should order, and movements."""

from datetime import timedelta

import pyarrow as pa
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from portal import figures
from portal.access import allow
from portal.api import pagination, queries, texts
from portal.api.representations import answer_with_etag
from portal.context import me, ports, scope, tillstream
from tillstream.analytics.queries import Forbidden
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import extent_of, may_change
from tillstream.model.permissions import Action
from tillstream.stock import movement_messages, published_levels, stored_levels, stored_movements
from tillstream.stock.movements import TRANSFER_KINDS, Movement

MAX_MOVEMENTS = 500


@allow(Action.SEE_NUMBERS)
def list_levels() -> ResponseReturnValue:
    """Stock by store and product; `at` selects a day or an instant of the past."""
    return answer_with_etag(_stock)


def _stock() -> Response:
    name, fixed = published_levels.levels_query_at(request.args.get("at", ""))
    if name == published_levels.NOW_QUERY:
        return queries.rows_of(name, fixed, ("at",), figures.table_with_units_on_order)
    return queries.rows_of(name, fixed, ("at",), _without_total)


def _without_total(levels: pa.Table) -> pa.Table:
    """The columns that stock has now too: not the number of rows of all pages, which `Link` and the cursor replace."""
    return levels.drop_columns([published_levels.ALL_PAGES])


@allow(Action.SEE_NUMBERS)
def list_restock() -> ResponseReturnValue:
    """What stores should order, or get from other stores, as it was computed last."""
    return answer_with_etag(lambda: queries.rows_of("restock-lines"))


@allow(Action.SEE_NUMBERS)
def list_movements() -> ResponseReturnValue:
    """The movements of a store that were recorded last, newest first."""
    args = pagination.only_arguments(request.args, "region", "store", "limit")
    limit = pagination.number_argument(args, "limit", 100, MAX_MOVEMENTS)
    region, store = args.get("region", ""), args.get("store", "")
    if not region or not store:
        raise Rejected(texts.NO_STORE)
    if region not in tillstream().contracts.regions() or not _is_visible(region, store):
        raise NotFound(texts.no_store(region, store))
    newest = stored_movements.find_movements(ports(), region, store, limit)
    return jsonify(
        {
            "movements": [
                movement_messages.movement_json(one.movement)
                | {"recorded_by": one.by, "recorded_at": one.recorded_at.isoformat()}
                for one in newest
            ]
        }
    )


@allow(Action.MANAGE_STOCK)
def record_movements() -> ResponseReturnValue:
    """Record movements, together or not at all; sending them again changes nothing."""
    if not request.is_json:
        raise Rejected(texts.NO_MOVEMENTS)
    sent = movement_messages.parse_movements(request.get_data(), ports().clock.now().date() + timedelta(days=1))
    denied = sorted({f"{one.region}/{one.store_id}" for one in sent if not _may_change(one)})
    if denied:
        raise Forbidden(texts.not_your_stores(denied))
    count = stored_movements.record_movements(ports(), sent, by=me().login)
    stored_levels.follow_movement(ports())
    tillstream().queries.clear()
    return jsonify({"recorded": count, "repeated": len(sent) - count})


def _is_visible(region: str, store: str) -> bool:
    stores = scope().stores
    return scope().covers_region(region) and (stores is None or store in stores)


def _may_change(movement: Movement) -> bool:
    """Whether the store of the movement is the user's; of a transfer, one of its two stores."""
    stores = [movement.store_id, *([movement.other_store] if movement.kind in TRANSFER_KINDS else [])]
    return any(may_change(scope(), extent_of(movement.region, store)) for store in stores)
