"""How many examples Hypothesis tries: few in `make test`, all in `make test-properties`."""

import os

import hypothesis

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")
# no deadline: the time of an example depends mostly on the machine
hypothesis.settings.register_profile("quick", deadline=None, max_examples=16)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=100)
hypothesis.settings.load_profile(PROFILE)


def examples(thorough: int) -> int:
    """The number in the profile `thorough`; a tenth of it in `quick`, but at least two if `thorough` has as many."""
    return thorough if PROFILE == "thorough" else max(thorough // 10, min(thorough, 2))
