"""Dual propagation as a rule: its gradients against backpropagation, what it keeps, what it refuses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.dyadic import nets
from thermo_cl.errors import ConvergenceError, DivergenceError, InvalidParameterError
from thermo_cl.learning.dyadic import ORDERS, DualPropagation, objective_at_rest, solve, stability_number
from thermo_cl.learning.feedforward import (
    Convolution,
    FeedForwardNetwork,
    ForwardBackpropagation,
    HardSigmoid,
    Linear,
    MaxPooling,
    MeanPooling,
    ReLU,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
)
from thermo_cl.learning.rules import Rule

RNG = np.random.default_rng(0)
LOSSES = [SquaredError(), SoftmaxCrossEntropy()]


def gradient(rule, net, x, y):
    return rule.estimate(net, x, y, (), np.random.default_rng(0)).gradient


def exact(net, x, y):
    return gradient(ForwardBackpropagation(), net, x, y)


def order_in_beta(net, x, y, **settings):
    betas = 0.08 * 0.5 ** np.arange(4)
    rules = [DualPropagation(beta=b, sweeps=500, tolerance=1e-14, **settings) for b in betas]
    errors = [nets.distance(gradient(rule, net, x, y), exact(net, x, y)) for rule in rules]
    return float(np.polyfit(np.log(betas), np.log(errors), 1)[0])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("output", ["linearised", "proximal"])
@pytest.mark.parametrize("form", ["adjoint", "plain"])
@pytest.mark.parametrize("alpha", [0.0, 0.25, 0.5, 1.0])
def test_the_error_is_of_second_order_only_without_asymmetry(loss, output, form, alpha):
    net = nets.network(Tanh(), loss)
    measured = order_in_beta(net, *nets.batch(net), alpha=alpha, form=form, output=output)
    assert abs(measured - (2 if alpha == 0.5 else 1)) < 0.1


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_the_orders_hold_on_images(alpha):
    net = nets.images(Tanh(), SoftmaxCrossEntropy())
    measured = order_in_beta(net, *nets.batch(net, 2), alpha=alpha)
    assert abs(measured - (2 if alpha == 0.5 else 1)) < 0.1


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("beta", [0.01, 1.0, 30.0])
def test_the_adjoint_form_is_backpropagation_on_linear_networks(loss, alpha, beta):
    for net in (nets.network(Linear(), loss), nets.network(Linear(), loss, sizes=(4, 3)), nets.images(Linear(), loss)):
        x, y = nets.batch(net)
        rule = DualPropagation(alpha, beta, tolerance=1e-13)
        assert nets.distance(gradient(rule, net, x, y), exact(net, x, y)) < 1e-10


def test_the_proximal_step_scales_that_gradient():
    net = nets.network(Linear())
    x, y = nets.batch(net)
    for alpha, beta in itertools.product((0.0, 0.3, 1.0), (0.1, 0.8)):
        found = gradient(DualPropagation(alpha, beta, output="proximal", tolerance=1e-13), net, x, y)
        factor = 1 / ((1 + (1 - alpha) * beta) * (1 - alpha * beta))
        for name, value in exact(net, x, y).items():
            assert_allclose(found[name], factor * value, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("make", [nets.network, nets.images])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 1.0])
def test_the_adjoint_form_is_exact_for_relu_away_from_its_kinks(make, alpha):
    net = make(ReLU(), SoftmaxCrossEntropy())
    x, y = nets.batch(net)
    now, beta = net.forward(x), 1e-3
    rule = DualPropagation(alpha, beta, tolerance=1e-14)
    inner = solve(net, x, y, alpha, beta, "adjoint", tolerance=1e-14)
    for k, a in enumerate(now.received[:-1]):
        carried = (inner.states.plus[k] > 0) == (inner.states.minus[k] > 0)
        assert (carried & ((a > 0) == (inner.states.plus[k] > 0))).all()
    assert nets.distance(gradient(rule, net, x, y), exact(net, x, y)) < 1e-10


@pytest.mark.parametrize("pooling", [None, MeanPooling(2), MaxPooling(2)])
@pytest.mark.parametrize("kind", [ReLU, HardSigmoid])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 1.0])
def test_the_adjoint_form_is_exact_at_a_large_nudge_where_no_kink_is_crossed(alpha, kind, pooling):
    kinds = [Convolution(2, 3, padding=1), Convolution(2, 3, padding=1, pooling=pooling), 6, 4]
    net = FeedForwardNetwork.random(
        (1, 4, 4), kinds, activation=kind(), loss=SoftmaxCrossEntropy(), dtype=np.float64, rng=1
    )
    signs = {name: (-1.0) ** np.arange(a.size) for name, a in net.parameters.items()}  # every other neuron is off
    net = net.with_parameters({
        name: 0.3 * a if name[0] == "W" else 0.5 + signs[name] * (0.5 if kind is HardSigmoid else 1.0)
        if name in ("b1", "b2") and kind is ReLU else 0.3 * a + 0.5
        for name, a in net.parameters.items()
    })  # fmt: skip
    x, y = RNG.random((5, 16)), np.eye(4)[[0, 1, 2, 3, 1]]
    found = gradient(DualPropagation(alpha, 0.5, sweeps=200, tolerance=1e-13), net, x, y)
    assert nets.distance(found, exact(net, x, y)) < 1e-10


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("output", ["linearised", "proximal"])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("form", ["plain", "damped"])
def test_the_plain_gradient_is_the_slope_of_the_objective(loss, output, alpha, form):
    net, betas = nets.network(Tanh(), loss, sizes=(4, 5, 4, 3)), (0.3, 0.5, 0.4)
    x, y = nets.batch(net, 3)
    rule = DualPropagation(alpha, betas, form, output, sweeps=2000, tolerance=1e-14)
    found, rng = gradient(rule, net, x, y), np.random.default_rng(2)
    direction = {name: g / np.linalg.norm(g) + 0.3 * rng.normal(size=g.shape) for name, g in found.items()}

    def mean_objective(step):
        moved = net.with_parameters({name: a + step * direction[name] for name, a in net.parameters.items()})
        return float(objective_at_rest(moved, x, y, alpha, betas, output=output, tolerance=1e-15).value.mean())

    steps = (1e-3, 5e-4, 2.5e-4)
    table = [(mean_objective(h) - mean_objective(-h)) / (2 * h) for h in steps]
    for power in (4, 16):  # extrapolated: errors of order h^6
        table = [(power * fine - coarse) / (power - 1) for coarse, fine in itertools.pairwise(table)]
    along = sum(float((found[name] * direction[name]).sum()) for name in found)
    assert table[0] == pytest.approx(along, rel=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("output", ["linearised", "proximal"])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("make", [nets.network, nets.images])
def test_one_sweep_is_the_inner_loop_at_its_end(loss, output, alpha, make):
    net = make(Tanh(), loss)
    x, y = nets.batch(net)
    betas = tuple(np.linspace(0.3, 0.6, len(net.weights)))
    rule = DualPropagation(alpha, betas, output=output)
    assert rule.one_sweep
    quick = gradient(rule, net, x, y)
    inner = solve(net, x, y, alpha, betas, "adjoint", output, "odd-even", 100, 1e-15, nets.generic(net))
    assert inner.converged
    means = (x.reshape(-1, *net.input_shape), *inner.states.mean(alpha))
    for n, (gap, beta) in enumerate(zip(inner.states.difference(), betas, strict=True), start=1):
        link = net.connections[n - 1].link(means[n - 1])
        weights, biases = link.gradient(gap)
        assert_allclose(quick[f"W{n}"], -weights / (beta * len(x)), rtol=0, atol=1e-13)
        assert_allclose(quick[f"b{n}"], -biases / (beta * len(x)), rtol=0, atol=1e-13)


def test_only_the_adjoint_form_at_an_end_takes_one_sweep():
    assert not DualPropagation(0.5).one_sweep
    assert not DualPropagation(1.0, form="plain").one_sweep
    assert not DualPropagation(0.0, form="damped").one_sweep
    assert isinstance(DualPropagation(), Rule)


@pytest.mark.parametrize("settings", [
    {"alpha": 1.0}, {"alpha": 0.0, "output": "proximal"}, {"alpha": 0.5}, {"alpha": 0.3, "form": "plain"},
    {"alpha": 1.0, "form": "damped"},
])  # fmt: skip
def test_outputs_are_the_free_ones_and_nothing_given_is_changed(settings):
    net = nets.images(ReLU(), SoftmaxCrossEntropy())
    x, y = nets.batch(net)
    kept = [a.copy() for a in (x, y, *net.weights)]
    found = DualPropagation(beta=0.2, **settings).estimate(net, x, y, (), RNG)
    assert_array_equal(found.outputs, net.outputs(x))
    for a, b in zip((x, y, *net.weights), kept, strict=True):
        assert_array_equal(a, b)
    assert {k: (a.shape, a.dtype) for k, a in found.gradient.items()} == {
        k: (a.shape, a.dtype) for k, a in net.parameters.items()
    }


def test_single_precision_stays_single():
    net = nets.network(Tanh(), dtype=np.float32)
    x, y = nets.batch(net)
    double = nets.network(Tanh()).with_parameters({k: a.astype(float) for k, a in net.parameters.items()})
    for alpha, form in itertools.product((0.0, 0.5, 1.0), ("plain", "adjoint", "damped")):
        rule = DualPropagation(alpha, 0.2, form, tolerance=1e-6, sweeps=300)
        found = rule.estimate(net, x, y, (), RNG)
        assert {a.dtype for a in found.gradient.values()} == {np.dtype(np.float32)}
        assert nets.distance(found.gradient, gradient(rule, double, x.astype(float), y.astype(float))) < 1e-4


def test_carried_compartments_continue_where_they_were_left():
    net = nets.images(Tanh(), SoftmaxCrossEntropy())
    x, y = nets.batch(net, 4)
    for order in ("up-down", "backward"):
        rule = DualPropagation(0.5, 0.3, order=order, sweeps=2, carry=True)
        states = rule.initial_states(net, 4)
        first = rule.estimate(net, x, y, states, RNG)
        fresh = DualPropagation(0.5, 0.3, order=order, sweeps=2).estimate(net, x, y, (), RNG)
        for name, value in fresh.gradient.items():
            assert_array_equal(first.gradient[name], value)
        assert [(a.shape, a.dtype) for a in first.states] == [(a.shape, a.dtype) for a in states]
        half = tuple(np.concatenate([a[:2], b[2:]]) for a, b in zip(first.states, states, strict=True))
        found = rule.estimate(net, x, y, half, RNG).states
        whole = rule.estimate(net, x, y, first.states, RNG).states
        for a, b, once in zip(found, whole, first.states, strict=True):
            assert_allclose(a[:2], b[:2], rtol=1e-12, atol=1e-14)
            assert_allclose(a[2:], once[2:], rtol=1e-12, atol=1e-14)
        for _ in range(30):
            states = rule.estimate(net, x, y, states, RNG).states
        rested = solve(net, x, y, 0.5, 0.3, sweeps=300, tolerance=1e-14).states
        for kept, layer in zip(states, (*rested.plus, *rested.minus), strict=False):
            assert_allclose(kept, layer.reshape(4, -1), rtol=0, atol=1e-10)
    assert DualPropagation(1.0, carry=True).initial_states(net, 4) == ()
    with pytest.raises(InvalidParameterError, match="initial_states"):
        rule.estimate(net, x, y, (), RNG)


def test_only_the_random_order_draws():
    net = nets.network(Tanh())
    x, y = nets.batch(net)
    for order in ORDERS:
        rng = np.random.default_rng(3)
        DualPropagation(0.3, form="plain", order=order, sweeps=2).estimate(net, x, y, (), rng)
        assert (rng.random() == np.random.default_rng(3).random()) == (order != "random")


def test_divergence_is_told_with_the_stability_number_and_what_to_change():
    net = nets.network(Linear(), scale=2.0)
    x, y = nets.batch(net)
    unit = float(stability_number(net, x, 1.0, 1.0).max())
    said = r"growing 1\.\d+ times.*stability number 1\.5.*beta below.*form = 'adjoint', or form = 'damped'"
    with pytest.raises(DivergenceError, match=said):
        DualPropagation(1.0, 1.5 / unit, "plain", sweeps=200, tolerance=1e-9).estimate(net, x, y, (), RNG)
    with pytest.raises(DivergenceError, match=r"stability number 1\.5.*damping cannot help"):
        DualPropagation(0.0, 1.5 / unit, "plain", sweeps=200, tolerance=1e-9).estimate(net, x, y, (), RNG)
    for settings in ({"tolerance": 1e-9}, {"damping": "auto"}):
        rule = DualPropagation(0.0, 1.5 / unit, "damped", **settings)
        with pytest.raises(InvalidParameterError, match=r"stability number 1\.5.*damping cannot help.*beta below"):
            rule.estimate(net, x, y, (), RNG)
    DualPropagation(1.0, 1.5 / unit, "damped", sweeps=800, tolerance=1e-9, damping="auto").estimate(net, x, y, (), RNG)
    with pytest.raises(ConvergenceError, match=r"stability number 0\.9.*more sweeps"):
        DualPropagation(1.0, 0.9 / unit, "plain", sweeps=10, tolerance=1e-9).estimate(net, x, y, (), RNG)


def test_bounded_sweeps_that_do_not_rest_are_told():
    net = nets.network(Tanh(), scale=4.0)
    x, y = nets.batch(net)
    with pytest.raises(ConvergenceError, match=r"did not converge.*stability number.*must be below 1"):
        DualPropagation(1.0, 0.5, "plain", sweeps=300, tolerance=1e-9).estimate(net, x, y, (), RNG)
    with pytest.raises(ConvergenceError, match=r"adjoint form has no feedback to first order.*beta below"):
        DualPropagation(0.3, 2.0, sweeps=3, tolerance=1e-12).estimate(net, x, y, (), RNG)
    flips = nets.images(Tanh())
    with pytest.raises(ConvergenceError, match="maximum pooling may also flip"):
        DualPropagation(1.0, 0.2, "plain", sweeps=300, tolerance=1e-9).estimate(flips, *nets.batch(flips), (), RNG)


@pytest.mark.parametrize("change", [
    {"alpha": 1.5}, {"alpha": -1e-9}, {"alpha": np.nan}, {"alpha": None}, {"alpha": (0.1, 0.2)}, {"beta": 0},
    {"beta": -0.5}, {"beta": np.inf}, {"beta": (0.5, 0.0)}, {"beta": "x"}, {"form": "dp"}, {"output": None},
    {"order": "up"}, {"sweeps": 0}, {"sweeps": 1.5}, {"tolerance": 0.0}, {"tolerance": np.nan}, {"carry": 1},
    {"damping": True},
])  # fmt: skip
def test_bad_settings_are_refused(change):
    with pytest.raises(InvalidParameterError, match=next(iter(change))):
        DualPropagation(**change)


@pytest.mark.parametrize("settings", [{"alpha": 1.0}, {"alpha": 0.5, "tolerance": 1e-6}])
def test_bad_minibatches_are_refused(settings):
    net = nets.network(Tanh())
    x, y = nets.batch(net)
    rule = DualPropagation(beta=0.5, **settings)
    for name, bad_x, bad_y in (
        ("inputs", np.where(x > 1, np.nan, x), y), ("targets", x, np.where(y > 1, np.inf, y)), ("inputs", x[:, :3], y),
        ("inputs", x.astype(np.float32), y), ("targets", x, y[:3]), ("targets", x, y.tolist()),
    ):  # fmt: skip
        with pytest.raises(InvalidParameterError, match=name):
            rule.estimate(net, bad_x, bad_y, (), RNG)
    with pytest.raises(InvalidParameterError, match="3 of them"):
        DualPropagation(beta=(0.1, 0.2)).estimate(net, x, y, (), RNG)
    with pytest.raises(InvalidParameterError, match="output = 'linearised'"):
        DualPropagation(1.0, 1.0, output="proximal").estimate(net, x, y, (), RNG)
    broken = net.with_parameters({k: a * np.nan if k == "W2" else a for k, a in net.parameters.items()})
    if not rule.one_sweep:
        with pytest.raises(DivergenceError, match="forward pass are not finite"):
            rule.estimate(broken, x, y, (), RNG)
