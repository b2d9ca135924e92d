"""Optimizers against the published recursions in plain Python numbers."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.optimizers import SGD, Adam, Optimizer

RNG = np.random.default_rng(3)
START = {"W": RNG.normal(size=(3, 2)), "b": RNG.normal(size=2)}
GRADIENTS = [{"W": RNG.normal(size=(3, 2)), "b": 10.0**-k * RNG.normal(size=2)} for k in range(7)]


def followed(optimizer: Optimizer, scales: list[float]) -> dict[str, np.ndarray]:
    values, moments = dict(START), optimizer.start(START)
    for gradient, scale in zip(GRADIENTS, scales, strict=True):
        values, moments = optimizer.step(values, gradient, moments, scale=scale)
    assert moments.count == len(GRADIENTS)
    return values


def test_descent_is_the_sum_of_its_gradients() -> None:
    scales = [1.0, 0.5, 0.1, 1.0, 0.2, 1.0, 2.0]
    found = followed(SGD(0.3), scales)
    for name, value in START.items():
        exact = value - 0.3 * sum(s * g[name] for s, g in zip(scales, GRADIENTS, strict=True))
        assert_allclose(found[name], exact, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(("rate", "beta1", "beta2", "epsilon"), [(1e-2, 0.9, 0.999, 1e-8), (0.3, 0.0, 0.5, 1e-3)])
def test_adam_is_algorithm_1_with_bias_correction(rate: float, beta1: float, beta2: float, epsilon: float) -> None:
    scales = [1.0, 1.0, 0.25, 1.0, 0.5, 1.0, 1.0]
    found = followed(Adam(rate, beta1, beta2, epsilon), scales)
    one, two = Fraction(beta1), Fraction(beta2)
    for name, start in START.items():
        for index in np.ndindex(start.shape):
            theta, past = float(start[index]), [Fraction(float(g[name][index])) for g in GRADIENTS]
            for t, scale in enumerate(scales, start=1):  # the moments as explicit sums, exact
                m = sum((1 - one) * one ** (t - k) * past[k - 1] for k in range(1, t + 1)) / (1 - one**t)
                v = sum((1 - two) * two ** (t - k) * past[k - 1] ** 2 for k in range(1, t + 1)) / (1 - two**t)
                theta -= rate * scale * float(m) / (math.sqrt(v) + epsilon)
            assert_allclose(found[name][index], theta, rtol=1e-12, atol=1e-14)


def test_the_first_step_of_adam_is_the_rate_whatever_the_gradient() -> None:
    for size in (1e-3, 1.0, 1e3):
        optimizer = Adam(0.01)
        moved, _ = optimizer.step({"w": np.zeros(1)}, {"w": np.array([size])}, optimizer.start({"w": np.zeros(1)}))
        assert_allclose(moved["w"], -0.01, rtol=2e-5)


@pytest.mark.parametrize("optimizer", [SGD(0.1), Adam(0.1)], ids=repr)
def test_given_arrays_and_types_are_kept(optimizer: Optimizer) -> None:
    single = {name: value.astype(np.float32) for name, value in START.items()}
    before = {name: value.copy() for name, value in single.items()}
    moments = optimizer.start(single)
    for _ in range(2):
        moved, moments = optimizer.step(single, before, moments, scale=0.5)
    assert isinstance(optimizer, Optimizer)
    for name, value in single.items():
        assert moved[name].dtype == np.float32
        assert_array_equal(value, before[name])
        assert (moved[name] != value).any()
    assert all(m.dtype == np.float32 for m in (*moments.first.values(), *moments.second.values()))


@pytest.mark.parametrize("rate", [0.0, -0.1, math.nan, math.inf, "fast", None])
def test_rates_that_are_none_are_refused(rate: Any) -> None:
    for make in (SGD, Adam):
        with pytest.raises(InvalidParameterError, match="rate"):
            make(rate)


@pytest.mark.parametrize(
    ("name", "value"),
    [("beta1", 1.0), ("beta1", -0.1), ("beta2", 1.0), ("beta2", math.nan), ("epsilon", 0.0), ("epsilon", "small")],
)
def test_constants_out_of_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidParameterError, match=name):
        Adam(0.1, **{name: value})
