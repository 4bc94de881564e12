"""A home that syncs to a project: the calls of the function `homes`, which the portal leaves to it, are recorded."""

from pathlib import Path
from random import Random

import pytest
from call_recorder import Calls
from stateful.steps import like, upload_rows
from sync import stock_acts
from sync.project.office_by_function import by_function
from sync.test_rates_of_homes import load_rates
from sync.test_reference_of_homes import put
from sync.two_homes import SOURCE

from tillstream.model.product_catalogue import Product
from tillstream.review.undo import undo_batch
from tillstream.sync import exchange
from tillstream.sync.http import signed_calls
from tillstream.sync.refusals import Busy


def sync(folder: Path, calls: Calls, large: Calls) -> None:
    """Sync files, an undo, stock, a product and a rate, in contents of all sizes, and a file for the job."""
    office = by_function(folder, rows=1)
    with pytest.MonkeyPatch.context() as patch, office as two:
        patch.setattr(exchange, "SMALL_ORIGINAL", 100)
        patch.setattr(signed_calls, "MAX_INLINE_BYTES", 50)
        home = two.pair.home
        batch = upload_rows(home, SOURCE, like())
        stock_acts.act(home, Random(1))
        put(home.plain, Product("P", "Pen"))
        load_rates(home.plain, "2024-06-01,INR,90")
        assert two.sync().agrees
        undo_batch(home.plain.ports, batch, "owner")
        upload_rows(home, SOURCE, like(number="2"), like(number="3"))
        with pytest.raises(Busy):
            two.sync()
        office.run_job(large)
        assert two.sync().agrees
        calls |= office.calls_of_function
