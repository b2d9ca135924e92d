"""Pooling against loops over squares; the way back against inner products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.feedforward import MaxPooling, MeanPooling


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize(("kind", "slow"), [(MeanPooling, np.mean), (MaxPooling, np.max)])
def test_squares_are_those_of_loops(kind: Any, slow: Any, size: int, dtype: Any) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 12)).astype(dtype)
    pooled = kind(size).pool(x)
    assert kind(size).shape((3, 6, 12)) == pooled.values.shape[1:] == (3, 6 // size, 12 // size)
    assert pooled.values.dtype == dtype
    for n, c, i, j in np.ndindex(pooled.values.shape):
        square = x[n, c, size * i : size * (i + 1), size * j : size * (j + 1)]
        error = abs(pooled.values[n, c, i, j] - slow(square.astype(float)))
        assert error <= np.finfo(dtype).eps * np.abs(square).sum()
    back = pooled.backward(np.ones_like(pooled.values))
    assert back.dtype == dtype and back.shape == x.shape


@pytest.mark.parametrize("kind", [MeanPooling(2), MaxPooling(2), MaxPooling(3)])
def test_the_way_back_is_the_transposed_derivative(kind: Any) -> None:
    rng = np.random.default_rng(1)
    x, v = rng.normal(size=(2, 2, 3, 6, 6))
    pooled = kind.pool(x)
    received = rng.normal(size=pooled.values.shape)
    moved = (kind.pool(x + 1e-7 * v).values - kind.pool(x - 1e-7 * v).values) / 2e-7
    assert (moved * received).sum() == pytest.approx((v * pooled.backward(received)).sum(), rel=1e-7)


def test_of_equal_values_the_first_is_chosen() -> None:
    pooled = MaxPooling(2).pool(np.zeros((1, 1, 2, 2)))
    assert_array_equal(pooled.backward(np.full((1, 1, 1, 1), 5.0))[0, 0], [[5, 0], [0, 0]])


def test_views_are_pooled_as_their_copies() -> None:
    x = np.random.default_rng(0).normal(size=(4, 4, 2, 3)).transpose(3, 2, 0, 1)
    for kind in (MeanPooling(2), MaxPooling(2)):
        assert_allclose(kind.pool(x).values, kind.pool(np.ascontiguousarray(x)).values, rtol=0, atol=1e-15)


@pytest.mark.parametrize("kind", [MeanPooling, MaxPooling])
def test_bad_input_says_what_is_valid(kind: Any) -> None:
    for size in (0, -1, 1.5, "2", True, None):
        with pytest.raises(InvalidParameterError, match=r"size .* whole number of at least 1"):
            kind(size)
    for shape in ((5,), (1, 5, 4), (1, 4, 5), (4, 4)):
        with pytest.raises(InvalidParameterError, match="both sides multiples of 2"):
            kind(2).shape(shape)
