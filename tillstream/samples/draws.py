"""Random draws of integers only, so that a seed gives the same bytes on every machine."""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class RandomDraw:
    """Random stream seeded by a key. NumPy keeps PCG64's raw bits stable across versions, but not its distributions."""

    def __init__(self, *key: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def below(self, bound: int | Ints, size: int) -> Ints:
        """Draw `size` numbers from 0 to bound - 1; bounds are below 2^31."""
        high: npt.NDArray[np.uint64] = np.asarray(self._bits.random_raw(size), dtype=np.uint64) >> np.uint64(32)
        scaled: npt.NDArray[np.uint64] = (high * np.asarray(bound, dtype=np.uint64)) >> np.uint64(32)
        return scaled.astype(np.int64)

    def pick(self, weights: Ints | list[int], size: int) -> Ints:
        """Draw `size` indexes with these weights, whose sum is below 2^31."""
        ends = np.cumsum(np.asarray(weights, dtype=np.int64))
        return np.searchsorted(ends, self.below(int(ends[-1]), size), side="right").astype(np.int64)

    def chance(self, per_ten_thousand: int, size: int) -> Mask:
        return self.below(10_000, size) < per_ten_thousand


def rounded_share(amount: Ints, part: int | Ints, whole: int) -> Ints:
    """amount × part ÷ whole, rounded half away from zero."""
    product: Ints = amount * part
    rounded = (2 * np.abs(product) + whole) // (2 * whole)
    return np.where(product < 0, -rounded, rounded).astype(np.int64)
