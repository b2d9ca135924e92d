"""Random streams of copies: their key, from a seed, and the streams of ``_random`` for arrays of copies."""

from __future__ import annotations

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError

__all__ = ["Seed", "following_numbers", "stream_key", "streams"]

_GOLDEN, _MIX1, _MIX2 = (np.uint64(x) for x in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))

Seed = int | np.random.SeedSequence | np.random.Generator | None


def stream_key(rng: Seed) -> tuple[np.uint64, np.uint64]:
    """The 128-bit key of all streams of a simulation: from a seed, drawn from a generator, or fresh for None."""
    if isinstance(rng, np.random.Generator):
        drawn = rng.integers(2**64, size=2, dtype=np.uint64)
        return drawn[0], drawn[1]
    if not isinstance(rng, np.random.SeedSequence):
        try:
            rng = np.random.SeedSequence(None if rng is None else check.integer_at_least("rng", rng, 0))
        except InvalidParameterError:
            raise InvalidParameterError("rng", rng, "a whole number >= 0, a SeedSequence or a Generator") from None
    key = rng.generate_state(2, np.uint64)
    return np.uint64(key[0]), np.uint64(key[1])


def streams(key: tuple[np.uint64, np.uint64], copies: Array) -> Array:
    """States of the streams of some copies, shape (4, m); the same as those of ``_random``."""
    counters = 2 * copies.astype(np.uint64)[None] + np.array([[1], [2], [1], [2]], np.uint64)
    z = np.array([key[0], key[0], key[1], key[1]])[:, None] + counters * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX1
    z = (z ^ (z >> np.uint64(27))) * _MIX2
    return np.asarray(z ^ (z >> np.uint64(31)))


def following_numbers(state: Array) -> FloatArray:
    """A uniform variate in (0, 1) of every stream; the states, shape (4, m), move on (xoshiro256++)."""
    a, b, c, d = state
    total = a + d
    number = ((total << np.uint64(23)) | (total >> np.uint64(41))) + a
    shifted = b << np.uint64(17)
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d[:] = (d << np.uint64(45)) | (d >> np.uint64(19))
    return np.asarray(((number >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52)
