"""Python imports this as it starts, in each process that starts from tests with `--at`: its clock is set as theirs."""

import os
import sys
import time
from contextlib import suppress

if "TESTS_CLOCK_AHEAD" in os.environ:
    sys.modules["pytest"] = None  # type: ignore[assignment]  # otherwise time-machine imports it
    with suppress(ImportError):  # an environment without the package, such as that of Spark, keeps the true time
        import time_machine

        time_machine.travel(time.time() + float(os.environ["TESTS_CLOCK_AHEAD"])).start()
        time.time()  # it ticks from the first reading on
    del sys.modules["pytest"]
