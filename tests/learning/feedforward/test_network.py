"""The forward pass against loops over neurons; networks that do not chain, and inputs that do not fit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.feedforward import (
    Convolution,
    Dense,
    FeedForwardNetwork,
    MaxPooling,
    MeanPooling,
    ReLU,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
)

W = [np.ones((3, 4)), np.ones((4, 2))]
B = [np.zeros(4), np.zeros(2)]


def network(**change: Any) -> FeedForwardNetwork:
    given: dict[str, Any] = {"connections": [4, 2], "weights": W, "biases": B, "input_shape": 3} | change
    return FeedForwardNetwork(**given)


def test_layers_are_those_of_loops() -> None:
    net = FeedForwardNetwork.random(3, [4, 5, 2], activation=Tanh(), dtype=np.float64, rng=0)
    x = np.random.default_rng(1).normal(size=(6, 3))
    now = net.forward(x)
    for n in range(6):
        here = list(x[n])
        for k in range(3):
            w, b = net.weights[k], net.biases[k]
            a = [sum(w[i, j] * here[i] for i in range(len(here))) + b[j] for j in range(len(b))]
            assert_allclose(now.received[k][n], a, rtol=1e-13)
            here = [math.tanh(v) for v in a]
            if k < 2:
                assert_allclose(now.states[k][n], here, rtol=1e-13)
    assert len(now.states) == 2 and len(now.links) == len(now.received) == 3
    assert now.outputs is now.received[-1]
    assert_array_equal(net.outputs(x), now.outputs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_images_come_flat_or_shaped(dtype: Any) -> None:
    kinds = [Convolution(3, 3, padding=1), Convolution(4, 2, pooling=MaxPooling(2)), Dense(2, MeanPooling(1))]
    net = FeedForwardNetwork.random((2, 4, 6), kinds, dtype=dtype, rng=0)
    x = np.random.default_rng(1).normal(size=(5, 48)).astype(dtype)
    flat, shaped = net.forward(x), net.forward(x.reshape(5, 2, 4, 6))
    assert_array_equal(flat.outputs, shaped.outputs)
    assert flat.outputs.dtype == dtype and net.dtype == dtype
    assert [a.shape[1:] for a in (*flat.states, flat.outputs)] == list(net.shapes[1:])
    assert net.shapes == ((2, 4, 6), (3, 4, 6), (4, 1, 2), (2,))
    assert net.sizes == (48, 72, 8, 2)
    # examples do not see one another
    assert_allclose(net.outputs(x[2:3])[0], flat.outputs[2], rtol=1e-5 if dtype == np.float32 else 1e-12)


def test_channels_last_are_not_taken_for_channels_first() -> None:
    net = FeedForwardNetwork.random((3, 4, 4), [Convolution(2), 2], rng=0)
    x = np.zeros((5, 4, 4, 3), np.float32)
    with pytest.raises(InvalidParameterError, match=r"\(batch, 48\) or \(batch, 3, 4, 4\)"):
        net.forward(x)


def test_parameters_by_name_are_read_only_copies() -> None:
    given = [w.copy() for w in W]
    net = network(weights=given)
    given[0][:] = 7
    assert list(net.parameters) == ["W1", "b1", "W2", "b2"]
    assert_array_equal(net.parameters["W1"], W[0])
    with pytest.raises(ValueError, match="read-only"):
        net.weights[0][:] = 0
    with pytest.raises(TypeError):
        net.parameters["W1"] = W[0]
    other = net.with_parameters({name: 2 * a for name, a in net.parameters.items()})
    assert_array_equal(other.weights[1], 2 * W[1])
    assert (other.activation, other.loss, other.sizes) == (net.activation, net.loss, net.sizes)
    for wrong in ({"W1": W[0]}, dict(net.parameters) | {"W1": W[1]}, dict(net.parameters) | {"W1": np.float32(W[0])}):
        with pytest.raises(InvalidParameterError):
            net.with_parameters(wrong)


def test_defaults_and_precision() -> None:
    net = network()
    assert isinstance(net.activation, ReLU) and isinstance(net.loss, SquaredError) and net.dtype == np.float64
    small = [[np.float32(a) for a in group] for group in (W, B)]
    assert network(weights=small[0], biases=small[1]).dtype == np.float32
    assert network(weights=small[0]).dtype == np.float64  # one of them is
    assert network(weights=[np.ones((3, 4), int), W[1].tolist()]).dtype == np.float64


def test_random_parameters_are_uniform_within_the_fan_in() -> None:
    net = FeedForwardNetwork.random((4, 9, 9), [Convolution(50, 5), Dense(60)], rng=0, loss=SoftmaxCrossEntropy())
    assert net.dtype == np.float32 and isinstance(net.loss, SoftmaxCrossEntropy)
    for w, b, inputs in zip(net.weights, net.biases, (100, 1250), strict=True):
        for array in (w, b):
            assert np.abs(array).max() <= 1 / math.sqrt(inputs) * (1 + 1e-6)
            scaled = array.astype(float) * math.sqrt(inputs)
            assert abs(scaled.mean()) < 5 / math.sqrt(3 * array.size)
            assert (scaled**2).mean() == pytest.approx(1 / 3, abs=5 * math.sqrt(4 / 45 / array.size))
    again = FeedForwardNetwork.random((4, 9, 9), [Convolution(50, 5), Dense(60)], rng=0)
    for one, other in zip(net.weights, again.weights, strict=True):
        assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"connections": []}, "connections .* at least one"),
        ({"connections": "42"}, "connections .* at least one"),
        ({"connections": [4, "2"]}, "units = '2'"),
        ({"connections": [4, Dense]}, r"connections .* values, as Dense\(512\), not of classes"),
        ({"connections": [4, 2, 2]}, "3 of each, one for each connection"),
        ({"connections": [5, 2]}, r"W1 = .*\(3, 4\).* of shape \(3, 5\)"),
        ({"weights": W[:1]}, "2 of each"),
        ({"weights": [W[0], np.ones((5, 2))]}, r"W2 = .* of shape \(4, 2\)"),
        ({"biases": [B[0], np.zeros((2, 1))]}, r"b2 = .* of shape \(2,\)"),
        ({"weights": [W[0] * np.nan, W[1]]}, "W1 = .* finite in every entry"),
        ({"biases": [B[0], [np.inf, 0]]}, "b2 = .* finite in every entry"),
        ({"weights": [W[0] * 1j, W[1]]}, "W1 = .* real numbers"),
        ({"weights": [[[1], [1, 2]], W[1]]}, "W1 = .* real numbers"),
        ({"weights": 3}, "weights = 3 .* a sequence"),
        ({"input_shape": 0}, "input_shape = 0 .* at least 1"),
        ({"input_shape": (3, 1)}, r"input_shape .* \(channels, height, width\)"),
        ({"input_shape": "3"}, "input_shape = '3' .* whole number"),
        ({"activation": "relu"}, r"activation = 'relu' .* a Nonlinearity, as ReLU\(\)"),
        ({"activation": 0}, "activation = 0 .* a Nonlinearity"),
        ({"activation": Tanh}, "activation .* a Nonlinearity"),
        ({"loss": "mse"}, r"loss = 'mse' .* a Loss, as SquaredError\(\)"),
        ({"loss": SquaredError}, r"loss .* a Loss, as SquaredError\(\)"),
        ({"loss": 0}, "loss = 0 .* a Loss"),
    ],
)
def test_networks_that_do_not_fit_together_say_what_would(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidParameterError, match=said):
        network(**change)


def test_convolutions_that_do_not_chain_are_refused_before_drawing() -> None:
    for shape, kinds, said in (
        ((1, 4, 4), [Convolution(2)], "at the end a Dense one"),
        ((1, 4, 4), [Convolution(2, 5), 2], "at most 4"),
        ((1, 5, 5), [Convolution(2, 2, pooling=MeanPooling(2)), 2], "multiples of 2"),
        (9, [Convolution(2), 2], "for a convolution"),
        ((1, 4, 4), [6, Convolution(2), 2], "for a convolution"),
    ):
        with pytest.raises(InvalidParameterError, match=said):
            FeedForwardNetwork.random(shape, kinds)
    for name, wrong in (("dtype", np.float16), ("dtype", None), ("rng", "seed")):
        with pytest.raises(InvalidParameterError, match=name):
            FeedForwardNetwork.random(3, [2], **{name: wrong})


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ([[1.0, 2.0, 3.0]], r"inputs = 'list' .* \(batch, 3\)"),
        (np.zeros(3), r"\(batch, 3\)"),
        (np.zeros((2, 4)), r"\(batch, 3\)"),
        (np.zeros((2, 1, 3)), r"\(batch, 3\)"),
        (np.zeros((2, 3), np.float32), "at least one, of float64"),
        (np.zeros((2, 3), int), "at least one, of float64"),
        (np.zeros((0, 3)), "0 of float64.* at least one"),
    ],
)
def test_inputs_that_do_not_fit_say_what_would(inputs: Any, said: str) -> None:
    with pytest.raises(InvalidParameterError, match=said):
        network().forward(inputs)
