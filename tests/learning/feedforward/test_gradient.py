"""Backpropagation against a pass written out by hand and against differences of the loss."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.feedforward import (
    Connection,
    Convolution,
    Dense,
    FeedForwardNetwork,
    ForwardBackpropagation,
    HardSigmoid,
    Linear,
    Loss,
    MaxPooling,
    MeanPooling,
    Nonlinearity,
    ReLU,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
    input_gradient,
)
from thermo_cl.learning.rules import Rule

RULE, RNG = ForwardBackpropagation(), np.random.default_rng(0)
IMAGES: list[Connection] = [
    Convolution(2, 3, padding=1),
    Convolution(3, 2, stride=2, pooling=MeanPooling(2)),
    Dense(3, MaxPooling(1)),
]


def batch(net: FeedForwardNetwork, examples: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    y = np.eye(net.sizes[-1])[rng.integers(net.sizes[-1], size=examples)]
    return rng.normal(size=(examples, net.sizes[0])).astype(net.dtype), y.astype(net.dtype)


def by_hand(net: FeedForwardNetwork, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """One example at a time, two hidden layers of ReLUs, squared error; outer products summed."""
    (w1, w2, w3), (b1, b2, b3) = net.weights, net.biases
    total = {name: np.zeros_like(a) for name, a in net.parameters.items()}
    for r, t in zip(x, y, strict=True):
        a1 = r @ w1 + b1
        s1 = np.where(a1 > 0, a1, 0)
        a2 = s1 @ w2 + b2
        s2 = np.where(a2 > 0, a2, 0)
        d3 = s2 @ w3 + b3 - t
        d2 = (w3 @ d3) * (a2 > 0)
        d1 = (w2 @ d2) * (a1 > 0)
        for k, (d, s) in enumerate(((d1, r), (d2, s1), (d3, s2)), start=1):
            total[f"W{k}"] += np.outer(s, d) / len(x)
            total[f"b{k}"] += d / len(x)
    return total


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 2e-5)])
def test_dense_layers_are_those_written_out(dtype: Any, rtol: float) -> None:
    net = FeedForwardNetwork.random(5, [7, 6, 3], dtype=dtype, rng=0)
    x, y = batch(net, 8)
    found = RULE.estimate(net, x, y, ("kept",), RNG)
    for name, expected in by_hand(net, x, y).items():
        assert found.gradient[name].dtype == dtype
        assert_allclose(found.gradient[name], expected, rtol=rtol, atol=rtol * np.abs(expected).max())
    assert found.states == ("kept",)
    assert_array_equal(found.outputs, net.outputs(x))


@pytest.mark.parametrize("loss", [SquaredError(), SoftmaxCrossEntropy()])
@pytest.mark.parametrize("f", [Linear(), ReLU(), Tanh(), HardSigmoid()])
@pytest.mark.parametrize("kinds", [[4, 5, 3], IMAGES, [Convolution(2, 2), Dense(3, MaxPooling(5))]])
def test_gradients_are_differences_of_the_mean_loss(kinds: Any, f: Nonlinearity, loss: Loss) -> None:
    net = FeedForwardNetwork.random((1, 6, 6), kinds, activation=f, loss=loss, dtype=np.float64, rng=2)
    x, y = batch(net)
    gradient = RULE.estimate(net, x, y, (), RNG).gradient
    rng = np.random.default_rng(3)
    h = 1e-6
    for name, slope in gradient.items():
        direction = rng.normal(size=slope.shape)
        sides = []
        for sign in (1, -1):
            moved = net.with_parameters(dict(net.parameters) | {name: net.parameters[name] + sign * h * direction})
            sides.append(loss.value(moved.outputs(x), y).mean())
        expected = (sides[0] - sides[1]) / (2 * h)
        assert float((slope * direction).sum()) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("loss", [SquaredError(), SoftmaxCrossEntropy()])
@pytest.mark.parametrize("shaped", [False, True])
def test_the_gradient_by_the_inputs_is_that_of_each_example(loss: Loss, shaped: bool) -> None:
    net = FeedForwardNetwork.random((1, 6, 6), IMAGES, activation=Tanh(), loss=loss, dtype=np.float64, rng=2)
    x, y = batch(net)
    given = x.reshape(-1, 1, 6, 6) if shaped else x
    found = input_gradient(net, given, y)
    assert found.shape == given.shape
    direction = np.random.default_rng(3).normal(size=x.shape)
    sides = [loss.value(net.outputs(x + sign * 1e-6 * direction), y) for sign in (1, -1)]
    assert_allclose(
        (found.reshape(x.shape) * direction).sum(axis=1), (sides[0] - sides[1]) / 2e-6, rtol=1e-6, atol=1e-9
    )


def test_the_gradient_of_a_minibatch_is_the_mean_over_its_examples() -> None:
    net = FeedForwardNetwork.random((1, 6, 6), IMAGES, dtype=np.float64, rng=0)
    x, y = batch(net, 6)
    whole = RULE.estimate(net, x, y, (), RNG).gradient
    each = [RULE.estimate(net, x[n : n + 1], y[n : n + 1], (), RNG).gradient for n in range(6)]
    for name, expected in whole.items():
        assert_allclose(np.mean([g[name] for g in each], axis=0), expected, rtol=1e-11, atol=1e-14)


def test_descent_lowers_the_loss_to_that_of_least_squares() -> None:
    net = FeedForwardNetwork.random(4, [2], activation=Linear(), dtype=np.float64, rng=0)
    x, y = batch(net, 30)
    for _ in range(1500):
        gradient = RULE.estimate(net, x, y, (), RNG).gradient
        net = net.with_parameters({name: a - 0.3 * gradient[name] for name, a in net.parameters.items()})
    best = np.linalg.lstsq(np.hstack([x, np.ones((30, 1))]), y, rcond=None)[0]
    assert_allclose(np.vstack([net.weights[0], net.biases[0]]), best, atol=1e-8)


def test_it_is_a_rule_and_refuses_what_does_not_fit() -> None:
    assert isinstance(RULE, Rule)
    net = FeedForwardNetwork.random(4, [3, 2], dtype=np.float64, rng=0)
    x, y = batch(net)
    wrong = [
        (x[:, :3], y, r"inputs .* \(batch, 4\)"),
        (x.astype(np.float32), y, "inputs .* float64"),
        (x[:0], y[:0], "inputs .* at least one"),
        (x, y[:2], r"targets .* of shape \(4, 2\)"),
        (x, y[:, :1], r"targets .* of shape \(4, 2\)"),
        (x, y.argmax(axis=1), r"targets .* of shape \(4, 2\)"),
        (x, y.astype(np.float32), "targets .* float64"),
        (x, y.tolist(), "targets = 'list'"),
        (x.tolist(), y, "inputs = 'list'"),
    ]
    for (a, b, said), function in itertools.product(wrong, (input_gradient, _estimate)):
        with pytest.raises(InvalidParameterError, match=said):
            function(net, a, b)


def _estimate(net: FeedForwardNetwork, x: Any, y: Any) -> None:
    RULE.estimate(net, x, y, (), RNG)
