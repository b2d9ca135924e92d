"""Inner loops: fixed points, orders, growth on linear networks, per-layer nudges, images."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.dyadic import nets, slow
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.dyadic import ORDERS, DyadicStates, layer_order, solve, stability_number
from thermo_cl.learning.feedforward import HardSigmoid, Linear, ReLU, SoftmaxCrossEntropy, SquaredError, Tanh

SCALAR = {
    Tanh: math.tanh,
    ReLU: lambda v: max(v, 0.0),
    Linear: lambda v: v,
    HardSigmoid: lambda v: min(max(v, 0.0), 1.0),
}


@pytest.mark.parametrize("kind", [Tanh, ReLU, Linear, HardSigmoid])
@pytest.mark.parametrize("loss", [SquaredError(), SoftmaxCrossEntropy()])
@pytest.mark.parametrize(("form", "alpha", "output"), [
    ("plain", 0.3, "linearised"), ("plain", 0.8, "proximal"), ("adjoint", 0.3, "proximal"),
    ("adjoint", 1.0, "linearised"),
])  # fmt: skip
def test_layers_with_their_own_nudges_rest_where_single_neurons_do(kind, loss, form, alpha, output):
    net, betas = nets.network(kind(), loss, sizes=(4, 5, 4, 3)), (0.3, 0.5, 0.4)
    x, y = nets.batch(net, 2)
    inner = solve(net, x, y, alpha, betas, form, output, "up-down", 500, 1e-14)
    assert inner.converged
    slope = slow.softmax_slope if isinstance(loss, SoftmaxCrossEntropy) else slow.squared_slope
    for n in range(2):
        plus, minus = slow.resting(
            net.weights, net.biases, SCALAR[kind], slope(y[n]), x[n], alpha, betas,
            adjoint=form == "adjoint", proximal=output == "proximal",
        )  # fmt: skip
        for k in range(3):
            assert_allclose(inner.states.plus[k][n], plus[k], rtol=0, atol=1e-12)
            assert_allclose(inner.states.minus[k][n], minus[k], rtol=0, atol=1e-12)


@pytest.mark.parametrize("make", [nets.network, nets.images])
@pytest.mark.parametrize(("form", "alpha"), [("plain", 0.2), ("adjoint", 0.7), ("plain", 1.0)])
def test_all_orders_lead_to_one_fixed_point_from_any_start(make, form, alpha):
    net = make(Tanh())
    x, y = nets.batch(net, 2)
    reference = solve(net, x, y, alpha, 0.2, form, "linearised", "up-down", 500, 1e-14)
    assert reference.converged
    for order, start in itertools.product(ORDERS, (None, nets.generic(net, 2))):
        other = solve(net, x, y, alpha, 0.2, form, "linearised", order, 500, 1e-14, start, rng=5)
        assert other.converged
        pairs = zip((*other.states.plus, *other.states.minus), (*reference.states.plus, *reference.states.minus),
                    strict=True)  # fmt: skip
        for one, two in pairs:
            assert_allclose(one, two, rtol=0, atol=1e-12)


def stacked(net, alpha, beta, power):
    """Companion matrix of sweeps whose echo of layer k comes power(L - k) sweeps late."""
    products, here, hidden = [], np.eye(net.sizes[-1]), len(net.weights) - 1
    for w in net.weights[:0:-1]:
        here = here @ w.T
        products.append(-(2 * alpha - 1) * beta * here @ here.T)
    blocks = {power(n): np.zeros_like(products[0]) for n in range(1, hidden + 1)}
    for n, product in enumerate(products, start=1):
        blocks[power(n)] = blocks[power(n)] + product
    size, depth = len(products[0]), max(blocks)
    matrix = np.eye(size * depth, k=-size)
    for delay, block in blocks.items():
        matrix[:size, (delay - 1) * size : delay * size] = block
    return matrix


@pytest.mark.parametrize("alpha", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("share", [0.95, 1.05])
@pytest.mark.parametrize("order", ["up-down", "forward", "backward", "odd-even"])
def test_plain_sweeps_on_a_linear_network_grow_by_the_stability_number(alpha, share, order):
    net = nets.network(Linear(), sizes=(7, 9, 8, 6, 5), scale=2.0)
    x, y = nets.batch(net)
    beta = share / float(stability_number(net, x, alpha, 1.0).max())
    power = (lambda n: 1) if order == "up-down" else (lambda n: n)
    expected = np.abs(np.linalg.eigvals(stacked(net, alpha, beta, power))).max()
    if order == "up-down":
        assert_allclose(expected, share, rtol=1e-12)
    elif alpha < 0.5:
        assert (expected < 1) == (share < 1)
    else:
        assert expected < 1
    inner = solve(net, x, y, alpha, beta, "plain", order=order, sweeps=2000, tolerance=1e-13, start=nets.generic(net))
    assert inner.converged == (expected < 1)
    assert inner.diverging == (expected > 1)
    steps = np.asarray(inner.changes)
    inside = steps[:-1] > 1e-9 * steps.max() if expected < 1 else np.arange(len(steps) - 1) > 1500
    late = np.flatnonzero(inside)[-20:]
    measured = (steps[late[-1] + 1] / steps[late[0]]) ** (1 / (late[-1] + 1 - late[0]))
    real = order == "up-down" or alpha < 0.5  # otherwise a rotation
    assert_allclose(measured, expected, rtol=1e-6 if real else 0.1)


def test_one_hidden_layer_has_the_same_growth_in_every_order():
    net = nets.network(Linear(), sizes=(7, 9, 5), scale=2.0)
    x, y = nets.batch(net)
    beta = 1.05 / float(stability_number(net, x, 1.0, 1.0).max())
    for order in ("up-down", "forward", "backward", "odd-even"):
        inner = solve(net, x, y, 1.0, beta, "plain", order=order, sweeps=400, tolerance=0.0, start=nets.generic(net))
        assert inner.diverging
        assert_allclose(inner.changes[-1] / inner.changes[-2], 1.05, rtol=1e-6)


def test_the_adjoint_mean_state_is_the_forward_state():
    net = nets.network(Tanh(), sizes=(7, 9, 8, 5), scale=2.0)
    x, y = nets.batch(net)
    now = net.forward(x)
    for alpha, output in itertools.product((0.0, 1.0), ("linearised", "proximal")):
        inner = solve(net, x, y, alpha, 0.7, "adjoint", output, "random", 20, rng=1)
        for mean, state in zip(inner.states.mean(alpha)[:-1], now.states, strict=True):
            assert_array_equal(mean, state)


def test_without_asymmetry_both_forms_are_the_same():
    for net in (nets.network(Tanh(), SoftmaxCrossEntropy()), nets.images(ReLU())):
        x, y = nets.batch(net)
        one, two = (solve(net, x, y, 0.5, 0.4, form, "proximal", "odd-even", 7) for form in ("plain", "adjoint"))
        for a, b in zip((*one.states.plus, *one.states.minus), (*two.states.plus, *two.states.minus), strict=True):
            assert_array_equal(a, b)


def test_orders_name_every_layer():
    rng = np.random.default_rng(0)
    assert layer_order("up-down", 4, rng) == [1, 2, 3, 4, 3, 2, 1]
    assert layer_order("forward", 4, rng) == [1, 2, 3, 4]
    assert layer_order("backward", 4, rng) == [4, 3, 2, 1]
    assert layer_order("odd-even", 5, rng) == [1, 3, 5, 2, 4]
    assert sorted(layer_order("random", 5, rng)) == [1, 2, 3, 4, 5]
    assert len({tuple(layer_order("random", 5, rng)) for _ in range(20)}) > 1
    assert layer_order("up-down", 1, rng) == [1]


def test_sweeps_without_tolerance_are_not_measured_and_overflow_is_no_warning():
    net = nets.network(Linear(), scale=4.0)
    x, y = nets.batch(net)
    blind = solve(net, x, y, 1.0, 5.0, "plain", sweeps=400)
    assert blind.sweeps == 400
    assert not blind.states.finite
    assert blind.changes == ()
    assert math.isnan(blind.residual)
    assert not blind.converged
    assert not blind.diverging
    watched = solve(net, x, y, 1.0, 5.0, "plain", sweeps=400, tolerance=1e-9)
    assert watched.sweeps < 400
    assert watched.diverging
    assert watched.growth == math.inf


def test_a_network_of_one_layer_rests_at_once():
    net = nets.network(Linear(), sizes=(4, 3))
    x, y = nets.batch(net)
    inner = solve(net, x, y, 0.2, 0.5, "plain", tolerance=1e-12)
    assert inner.converged
    assert_allclose(inner.states.difference()[0], -0.5 * (net.outputs(x) - y), atol=1e-15)


@pytest.mark.parametrize(("change", "word"), [
    ({"alpha": 1.1}, "alpha"), ({"alpha": -0.1}, "alpha"), ({"alpha": math.nan}, "alpha"), ({"alpha": "x"}, "alpha"),
    ({"beta": 0.0}, "beta"), ({"beta": -1.0}, "beta"), ({"beta": math.nan}, "beta"), ({"beta": (0.1, 0.2)}, "beta"),
    ({"form": "other"}, "form"), ({"output": "exact"}, "output"), ({"order": "down"}, "order"),
    ({"sweeps": 0}, "sweeps"), ({"tolerance": -1.0}, "tolerance"), ({"damping": "none", "form": "damped"}, "damping"),
    ({"alpha": 0.0, "beta": 1.0, "form": "plain", "output": "proximal"}, "linearised"),
    ({"alpha": 1.0, "beta": 1.5, "form": "adjoint", "output": "proximal"}, "below 1 "),
    ({"start": DyadicStates((), ())}, "start"), ({"start": 3}, "start"),
    ({"start": DyadicStates((np.full((6, 9), np.nan), np.zeros((6, 8)), np.zeros((6, 5))),
                            (np.zeros((6, 9)), np.zeros((6, 8)), np.zeros((6, 5))))}, "finite"),
    ({"targets": np.zeros((6, 4))}, "targets"), ({"inputs": np.zeros((6, 3))}, "inputs"),
])  # fmt: skip
def test_bad_input_is_refused(change, word):
    net = nets.network(Tanh())
    x, y = nets.batch(net)
    with pytest.raises(InvalidParameterError, match=word):
        solve(net, **({"inputs": x, "targets": y, "alpha": 0.5, "beta": 0.5} | change))
