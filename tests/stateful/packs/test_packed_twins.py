"""A shop that packs at random moments shows the same as a twin that never does."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from stateful.packs.selling import Shop

from examples import examples

SALES = st.lists(st.tuples(st.integers(1, 6).map(str), st.integers(1, 3)), min_size=1, max_size=3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), SALES, st.sampled_from(["", "", "no sale"])),
        st.tuples(st.just("work")),
        st.tuples(st.just("sweep")),
        st.tuples(st.just("pack")),
        st.tuples(st.just("pack")),
        st.tuples(st.just("undo"), st.integers(0, 9)),
        st.tuples(st.just("discard")),
    ),
    min_size=4,
    max_size=12,
)


def take(shop: Shop, step: tuple) -> None:  # type: ignore[type-arg]
    name, *values = step
    if name == "send":
        shop.send(values[0], text=values[1])
        shop.work()
    else:
        getattr(shop, name)(*values)


@settings(max_examples=examples(12), deadline=None)
@given(STEPS)
def test_packing_at_any_moment_changes_no_answer(steps: list[tuple]) -> None:  # type: ignore[type-arg]
    with tempfile.TemporaryDirectory() as folder:
        packed, plain = Shop(Path(folder) / "packed", packs=True), Shop(Path(folder) / "plain", packs=False)
        try:
            for second, step in enumerate([*steps, ("work",), ("sweep",), ("work",), ("pack",)], 1):
                for shop in (packed, plain):
                    shop.tick_to(60 * second)
                    take(shop, step)
            assert packed.objects() == [], "everything is settled, so everything is packed"
            assert packed.answers() == plain.answers()
            assert packed.differences() == plain.differences() == []
            with packed.restored() as restored:
                assert restored.answers() == plain.answers()
        finally:
            packed.app.close()
            plain.app.close()
