"""J at given compartments and at rest: loops, finite differences, worst cases by general optimisation, divergence."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from tests.oracles.dyadic_slow import cross_entropy, objective_of_one, square, squared_error, tanh_potential
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.learning.dyadic.linear import linear_objective
from thermo_cl.learning.dyadic.objective import Objective, objective_at, objective_at_rest
from thermo_cl.learning.dyadic.states import DyadicStates
from thermo_cl.learning.feedforward import (
    Convolution,
    Dense,
    FeedForwardNetwork,
    HardSigmoid,
    Linear,
    Loss,
    MaxPooling,
    MeanPooling,
    Nonlinearity,
    Pooling,
    ReLU,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
)

SIZES = (4, 6, 5, 3)
BETAS = (0.25, 0.4, 0.3)


def network(f: Nonlinearity, loss: Loss | None = None, *, scale: float = 1.0, seed: int = 0) -> FeedForwardNetwork:
    net = FeedForwardNetwork.random(SIZES[0], SIZES[1:], rng=seed, dtype=np.float64)
    weights = [scale * w for w in net.weights]
    return FeedForwardNetwork(SIZES[1:], weights, [b + 0.1 for b in net.biases], SIZES[0], activation=f, loss=loss)


def images(
    f: Nonlinearity, loss: Loss | None = None, pooling: Pooling | None = None, *, seed: int = 3
) -> FeedForwardNetwork:
    kinds = [Convolution(2, 3, padding=1), Convolution(2, 1, pooling=MeanPooling(2)), Dense(3, pooling)]
    return FeedForwardNetwork.random((1, 4, 4), kinds, activation=f, loss=loss, dtype=np.float64, rng=seed)


def batch(net: FeedForwardNetwork, examples: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.uniform(size=(examples, net.sizes[0])), np.eye(3)[rng.integers(3, size=examples)]


def gradient(
    net: FeedForwardNetwork, x: np.ndarray, rest: Objective, alpha: float, betas: Any
) -> dict[str, np.ndarray]:
    """The rule, -(1/beta_k) Delta_k sbar_{k-1}^T for weights, -(1/beta_k) Delta_k for biases, over all examples."""
    found, below = {}, net.shaped(x)
    means = rest.states.mean(alpha)
    for k, (gap, beta) in enumerate(zip(rest.states.difference(), betas, strict=True), start=1):
        w, b = net.connections[k - 1].link(below).gradient(gap)
        found |= {f"W{k}": -w / beta, f"b{k}": -b / beta}
        below = means[k - 1]
    return found


def slope_along(net: FeedForwardNetwork, direction: dict[str, np.ndarray], value: Any, h: float = 2e-4) -> float:
    """Central differences of three widths, extrapolated: errors of order h^6."""

    def central(width: float) -> float:
        ends = [
            value(net.with_parameters({n: a + sign * width * direction[n] for n, a in net.parameters.items()}))
            for sign in (1, -1)
        ]
        return float(ends[0] - ends[1]) / (2 * width)

    table = [central(h / 2**i) for i in range(3)]
    for order in (4, 16):
        table = [(order * fine - coarse) / (order - 1) for coarse, fine in itertools.pairwise(table)]
    return table[0]


@pytest.mark.parametrize("betas", [(0.3,) * 3, BETAS])
@pytest.mark.parametrize(
    ("f", "potential"), [(Linear(), square), (ReLU(), square), (HardSigmoid(), square), (Tanh(), tanh_potential)]
)
@pytest.mark.parametrize(("loss", "slow"), [(SquaredError(), squared_error), (SoftmaxCrossEntropy(), cross_entropy)])
def test_the_value_at_any_compartments_is_that_of_loops(
    f: Any, potential: Any, loss: Any, slow: Any, betas: Any
) -> None:
    net = network(f, loss)
    x, y = batch(net)
    rng = np.random.default_rng(2)
    plus, minus = (tuple(rng.uniform(0.05, 0.95, (3, n)) for n in SIZES[1:]) for _ in range(2))
    states = DyadicStates(plus, minus)
    for alpha in (0.0, 0.3, 1.0):
        found = objective_at(net, x, y, states, alpha, betas if len(set(betas)) > 1 else betas[0])
        for n in range(3):
            one = [[layer[n] for layer in group] for group in (plus, minus)]
            expected = objective_of_one(net.weights, net.biases, x[n], y[n], *one, alpha, betas, potential, slow)
            assert found[n] == pytest.approx(expected, rel=1e-12)


def test_linearised_outputs_have_one_state_in_the_objective() -> None:
    net = network(Tanh(), SoftmaxCrossEntropy())
    x, y = batch(net)
    rng = np.random.default_rng(2)
    plus, minus = (tuple(rng.uniform(0.05, 0.95, (3, n)) for n in SIZES[1:]) for _ in range(2))
    found = objective_at(net, x, y, DyadicStates(plus, minus), 0.3, BETAS, "linearised")
    for n in range(3):
        up, down = ([layer[n] for layer in group] for group in (plus, minus))
        out = (0.3 * up[1] + 0.7 * down[1]) @ net.weights[2] + net.biases[2]
        up[2] = down[2] = out  # both at the output leave the loss there, and no energy
        expected = objective_of_one(
            net.weights, net.biases, x[n], y[n], up, down, 0.3, BETAS, tanh_potential, cross_entropy
        )
        assert found[n] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("output", ["proximal", "linearised"])
@pytest.mark.parametrize("loss", [SquaredError(), SoftmaxCrossEntropy()])
@pytest.mark.parametrize("f", [Linear(), Tanh(), ReLU(), HardSigmoid()])
def test_the_local_gradient_is_that_of_the_objective(f: Nonlinearity, loss: Loss, output: Any) -> None:
    for make, alpha in ((network, 0.0), (network, 1.0), (images, 0.3)):
        _compare_slopes(make(f, loss), alpha, output)


@pytest.mark.parametrize("f", [ReLU(), HardSigmoid()])
def test_the_local_gradient_holds_with_a_maximum_whose_choice_is_clear(f: Nonlinearity) -> None:
    for alpha in (0.0, 0.3, 1.0):
        _compare_slopes(images(f, pooling=MaxPooling(2), seed=8), alpha, "proximal")


def _compare_slopes(net: FeedForwardNetwork, alpha: float, output: Any) -> None:
    x, y = batch(net)
    rest = objective_at_rest(net, x, y, alpha, BETAS, output=output, tolerance=1e-15)
    assert rest.converged and rest.stability < 1
    local = gradient(net, x, rest, alpha, BETAS)
    rng = np.random.default_rng(5)
    size = np.sqrt(sum((g * g).sum() for g in local.values()))
    noise = {name: rng.normal(size=g.shape) for name, g in local.items()}
    length = np.sqrt(sum((a * a).sum() for a in noise.values()))
    # half along the gradient, so that it is felt, half elsewhere, so that all of it is tested
    direction = {name: g / size + noise[name] / length for name, g in local.items()}
    along = sum(float((local[name] * direction[name]).sum()) for name in local)

    def value(moved: FeedForwardNetwork, given: Any = (x, y, alpha)) -> float:
        return float(objective_at_rest(moved, *given, BETAS, output=output, tolerance=1e-15).value.sum())

    assert slope_along(net, direction, value) == pytest.approx(along, rel=1e-8)


def test_the_two_objectives_have_different_slopes() -> None:
    """The linearised rule is no gradient of the proximal objective, nor the other way round."""
    net = network(Tanh())
    x, y = batch(net)
    direction = {name: np.ones_like(a) for name, a in net.parameters.items()}
    rest = objective_at_rest(net, x, y, 0.0, BETAS, output="linearised", tolerance=1e-15)
    local = gradient(net, x, rest, 0.0, BETAS)
    along = sum(float(g.sum()) for g in local.values())
    other = slope_along(net, direction, lambda m: objective_at_rest(m, x, y, 0.0, BETAS, tolerance=1e-15).value.sum())
    assert abs(other - along) > 0.05 * abs(along)


@pytest.mark.parametrize("loss", [SquaredError(), SoftmaxCrossEntropy()])
@pytest.mark.parametrize("f", [Linear(), Tanh(), ReLU(), HardSigmoid()])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_the_ends_are_the_loss_under_the_worst_and_the_best_perturbations(
    alpha: float, f: Nonlinearity, loss: Loss
) -> None:
    r"""Every layer is perturbed by delta_k in what it receives, at the price of G(s) + G*(a) - s a over beta_k.

    The price is the integral of t f'(a + t) from 0 to delta, here by quadrature for tanh.
    """
    net = network(f, loss)
    x, y = batch(net, 1)
    value = float(objective_at_rest(net, x, y, alpha, BETAS, tolerance=1e-14).value[0])
    sign, ends = (1 if alpha else -1), np.cumsum(SIZES[1:-1])
    nodes, quad = np.polynomial.legendre.leggauss(20)

    def price(a: np.ndarray, delta: np.ndarray, g: Nonlinearity) -> float:
        if isinstance(g, (Linear, Tanh)):
            t = delta[:, None] * (nodes + 1) / 2
            return float((g.slope(a[:, None] + t) * t * quad).sum(axis=1) @ delta / 2)
        conjugate = [  # G* = s a - s^2/2 at s = f(a)
            (g.value(b) * b - g.value(b) ** 2 / 2).sum() for b in (a, a + delta)
        ]
        return float(conjugate[0] - conjugate[1] + g.value(a + delta) @ delta)

    def perturbed(flat: np.ndarray, quadratic: bool = False) -> float:
        here, total = x[0], 0.0
        for k, delta in enumerate(np.split(flat, ends)):
            a = here @ net.weights[k] + net.biases[k]
            g = Linear() if k == 2 else f
            total += sign * (delta @ delta / 2 if quadratic else price(a, delta, g)) / BETAS[k]
            here = g.value(a + delta)
        return float(loss.value(here[None], y)[0]) + total

    rng = np.random.default_rng(0)
    found = [
        minimize(lambda d: sign * perturbed(d), start, method="BFGS", options={"gtol": 1e-9, "maxiter": 400})
        for start in (np.zeros(14), 0.3 * rng.normal(size=14))
    ]
    assert sign * min(r.fun for r in found) == pytest.approx(value, rel=1e-7)
    # a quadratic price is never lower, and the same on linear networks
    strict = minimize(lambda d: sign * perturbed(d, True), np.zeros(14), method="BFGS", options={"gtol": 1e-9})
    assert strict.fun >= sign * value - 1e-8
    if isinstance(f, Linear):
        assert sign * strict.fun == pytest.approx(value, rel=1e-7)
    free = float(loss.value(net.outputs(x), y)[0])
    assert sign * (free - value) > 1e-3


@pytest.mark.parametrize("order", ["up-down", "forward", "backward", "odd-even", "random"])
def test_all_orders_and_starts_come_to_the_same_rest(order: Any) -> None:
    net = network(Tanh(), SoftmaxCrossEntropy())
    x, y = batch(net)
    first = objective_at_rest(net, x, y, 0.2, BETAS, tolerance=1e-14)
    rng = np.random.default_rng(0)
    parts = (tuple(rng.uniform(-0.5, 0.5, (3, n)) for n in SIZES[1:]) for _ in range(2))
    for start in (None, DyadicStates(*parts)):
        rest = objective_at_rest(net, x, y, 0.2, BETAS, order=order, tolerance=1e-14, start=start, rng=0)
        assert rest.converged and rest.sweeps > 1 and rest.residual <= 1e-14
        assert_allclose(rest.value, first.value, rtol=1e-12)


def test_linear_networks_are_solved_exactly_also_where_sweeps_diverge() -> None:
    net = network(Linear(), scale=3.0)
    x, y = batch(net)
    rest = objective_at_rest(net, x, y, 1.0, 1.0, output="linearised")
    assert rest.sweeps == 0 and rest.converged and rest.stability > 2
    assert_allclose(rest.value, linear_objective(net, x, y, 1.0, 1.0, "linearised"), rtol=1e-10)


def test_half_way_is_the_loss_of_second_order_in_the_nudge() -> None:
    net = network(Tanh())
    x, y = batch(net)
    loss = net.loss.value(net.outputs(x), y)
    gaps = [np.abs(objective_at_rest(net, x, y, 0.5, b, tolerance=1e-15).value - loss).max() for b in (0.2, 0.1, 0.05)]
    assert_allclose(np.log2(np.divide(gaps[:-1], gaps[1:])), 2, atol=0.02)
    sides = [np.abs(objective_at_rest(net, x, y, 0.0, b, tolerance=1e-15).value - loss).max() for b in (0.02, 0.01)]
    assert np.log2(sides[0] / sides[1]) == pytest.approx(1, abs=0.05)


def test_damping_carries_alpha_one_beyond_the_threshold() -> None:
    net = network(Tanh(), scale=2.5)
    x, y = batch(net)
    rest = objective_at_rest(net, x, y, 1.0, 1.5, tolerance=1e-13, sweeps=5000)
    assert rest.stability > 1 and rest.converged
    # at rest of the plain form: s- = f(a) and s+ = f(a + W^T Delta), from the definition
    below = x
    for k in range(2):
        a = below @ net.weights[k] + net.biases[k]
        message = (rest.states.plus[k + 1] - rest.states.minus[k + 1]) @ net.weights[k + 1].T
        assert_allclose(rest.states.minus[k], np.tanh(a), atol=1e-11)
        assert_allclose(rest.states.plus[k], np.tanh(a + message), atol=1e-11)
        below = rest.states.plus[k]


def test_divergence_is_explained() -> None:
    net = network(ReLU(), scale=4.0)
    x, y = batch(net)
    with pytest.raises(ConvergenceError) as told:
        objective_at_rest(net, x, y, 0.0, 0.5, sweeps=3000)
    text = str(told.value)
    number = float(re.search(r"forward pass is ([\d.e+]+)", text).group(1))
    smaller = float(re.search(r"nudges below ([\d.e-]+) times", text).group(1))
    assert number > 1 and "J(0)" in text and "damping cannot help" in text
    calm = objective_at_rest(net, x, y, 0.0, 0.5 * smaller / 2, sweeps=3000)
    assert calm.converged
    with pytest.raises(ConvergenceError, match=r"J\(0\) is infinite .* stability number"):
        objective_at_rest(network(Linear(), scale=4.0), x, y, 0.0, 0.5)


def test_too_few_sweeps_are_reported() -> None:
    net = network(Tanh())
    x, y = batch(net)
    rest = objective_at_rest(net, x, y, 0.0, 0.3, sweeps=2)
    assert not rest.converged and rest.sweeps == 2 and rest.residual > 1e-12


def test_a_maximum_between_near_equals_may_have_no_rest_and_says_so() -> None:
    """The pixel that is chosen is pushed below the other one, which is then chosen: stability does not see that."""
    net = images(Tanh(), SoftmaxCrossEntropy(), MaxPooling(2))
    x, y = batch(net)
    rest = objective_at_rest(net, x, y, 0.3, BETAS)
    assert not rest.converged and rest.stability < 0.1 and rest.residual > 0.01
    means = rest.states.mean(0.3)[1].reshape(3, 2, 4)
    first, second = np.sort(means, axis=-1)[..., :-3:-1].T
    assert (first - second).min() < rest.residual


def test_compartments_outside_the_outputs_are_infinitely_dear() -> None:
    net = network(HardSigmoid())
    x, y = batch(net)
    ones = tuple(np.full((3, n), 0.5) for n in SIZES[1:])
    out = (np.where(np.arange(3)[:, None] == 1, 1.5, ones[0]), *ones[1:])
    for plus, minus, end in ((out, ones, np.inf), (ones, out, -np.inf), (out, out, np.inf)):
        value = objective_at(net, x, y, DyadicStates(plus, minus), 0.5, 0.2)
        assert value[1] == end and np.isfinite(value[[0, 2]]).all()


def test_float32_is_computed_in_float64() -> None:
    net = FeedForwardNetwork.random(4, SIZES[1:], activation=Tanh(), rng=0)
    x, y = (a.astype(np.float32) for a in batch(net))
    rest = objective_at_rest(net, x, y, 0.3, 0.2)
    assert rest.value.dtype == np.float64 and rest.residual <= 1e-12
    doubled = [[a.astype(float) for a in group] for group in (net.weights, net.biases)]
    same = FeedForwardNetwork(SIZES[1:], *doubled, 4, activation=Tanh())
    assert_allclose(rest.value, objective_at_rest(same, x.astype(float), y.astype(float), 0.3, 0.2).value, rtol=1e-14)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"alpha": -0.1}, r"alpha = -0.1 .* in \[0, 1\]"),
        ({"alpha": np.nan}, "alpha = nan .* finite"),
        ({"beta": -1.0}, "beta = -1.0 .* greater than 0"),
        ({"beta": (0.1, 0.2)}, "beta .* 3 of them"),
        ({"beta": 1.0, "alpha": 0.0}, "beta = 1.0 .* below 1 with output"),
        ({"output": "exact"}, "output = 'exact' .* one of"),
        ({"targets": np.zeros((3, 5))}, "targets .* shape .3, 3."),
        ({"targets": np.full((3, 3), np.nan)}, "targets .* finite"),
        ({"inputs": np.full((3, 4), np.inf)}, "inputs .* finite"),
        ({"inputs": np.zeros((3, 5))}, "inputs .* shape .batch, 4."),
        ({"inputs": np.zeros((0, 4))}, "at least one"),
    ],
)
def test_bad_input_says_what_is_valid(change: dict[str, Any], said: str) -> None:
    net = network(Tanh())
    x, y = batch(net)
    zero = tuple(np.zeros((3, n)) for n in SIZES[1:])
    given = {"network": net, "inputs": x, "targets": y, "alpha": 0.5, "beta": 0.1, "output": "proximal"} | change
    with pytest.raises(InvalidParameterError, match=said):
        objective_at_rest(**given)
    with pytest.raises(InvalidParameterError, match=said):
        objective_at(**given, states=DyadicStates(zero, zero))


def test_states_that_do_not_fit_are_refused() -> None:
    net = network(Tanh())
    x, y = batch(net)
    short = tuple(np.zeros((3, n)) for n in SIZES[1:-1])
    with pytest.raises(InvalidParameterError, match=r"states .* of shapes \(3, 6\), \(3, 5\), \(3, 3\)"):
        objective_at(net, x, y, DyadicStates(short, short), 0.5, 0.1)
    with pytest.raises(InvalidParameterError, match=r"states = 'tuple' .* DyadicStates"):
        objective_at(net, x, y, (short, short), 0.5, 0.1)
    for name, value in (("sweeps", 0), ("tolerance", 0.0), ("order", "inwards")):
        with pytest.raises(InvalidParameterError, match=name):
            objective_at_rest(net, x, y, 0.5, 0.1, **{name: value})
