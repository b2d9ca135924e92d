"""Linear networks: compartments, J and growth against dense systems; when J is a largest or a smallest value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.oracles.dyadic_slow import objective_of_one, quadratic_form
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.learning.dyadic.linear import growth_factor, influence, linear_objective, solve_linear
from thermo_cl.learning.dyadic.sweeps import solve
from thermo_cl.learning.feedforward import (
    Convolution,
    Dense,
    FeedForwardNetwork,
    Linear,
    MaxPooling,
    MeanPooling,
    ReLU,
    SoftmaxCrossEntropy,
)

SIZES = (3, 4, 3, 2)
ALPHAS = (0.0, 0.2, 0.5, 0.7, 1.0)


def linear(*, scale: float = 1.0, seed: int = 0, dtype: Any = np.float64) -> FeedForwardNetwork:
    net = FeedForwardNetwork.random(SIZES[0], SIZES[1:], activation=Linear(), rng=seed, dtype=np.float64)
    weights = [(scale * w).astype(dtype) for w in net.weights]
    return FeedForwardNetwork(SIZES[1:], weights, [b.astype(dtype) for b in net.biases], 3, activation=Linear())


def images() -> FeedForwardNetwork:
    kinds = [Convolution(2, 3, padding=1), Convolution(3, 2, pooling=MeanPooling(2)), Dense(2)]
    return FeedForwardNetwork.random((1, 6, 6), kinds, activation=Linear(), dtype=np.float64, rng=3)


def batch(net: FeedForwardNetwork, examples: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(examples, net.sizes[0])), rng.normal(size=(examples, net.sizes[-1]))


def split(z: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """All compartments, the plus ones first."""
    ends = np.cumsum(SIZES[1:])
    return tuple(np.split(half, ends[:-1]) for half in np.split(z, 2))


def form(net: FeedForwardNetwork, x: Any, y: Any, alpha: float, betas: Any) -> tuple[np.ndarray, np.ndarray, float]:
    def value(z: np.ndarray) -> float:
        return objective_of_one(net.weights, net.biases, x, y, *split(z), alpha, betas)

    return quadratic_form(value, 2 * sum(SIZES[1:]))


def dense_influence(net: FeedForwardNetwork, betas: Any) -> np.ndarray:
    """K from products of matrices, proximal or not."""
    w = net.weights
    return sum(b * j.T @ j for b, j in zip(betas, (w[1] @ w[2], w[2]), strict=False))


def at_growth(net: FeedForwardNetwork, alpha: float, factor: float, output: str) -> float:
    """The beta at which the growth factor is so large, from the dense matrix alone."""
    top = np.linalg.eigvalsh(dense_influence(net, (1, 1)))[-1]
    c = abs(2 * alpha - 1)
    if output == "linearised":
        return factor / (c * top)
    # c top beta = factor (1 + alpha beta)(1 - (1 - alpha) beta)
    roots = np.roots([-factor * alpha * (1 - alpha), factor * (2 * alpha - 1) - c * top, factor])
    return float(min(r.real for r in roots if r.real > 0))


@pytest.mark.parametrize("betas", [(0.4,) * 3, (0.3, 0.2, 0.5)])
@pytest.mark.parametrize("alpha", ALPHAS)
def test_compartments_solve_the_dense_system_of_all_of_them(alpha: float, betas: Any) -> None:
    net = linear()
    x, y = batch(net)
    beta = betas if len(set(betas)) > 1 else betas[0]
    states = solve_linear(net, x, y, alpha, beta)
    values = linear_objective(net, x, y, alpha, beta)
    for n in range(len(x)):
        hessian, slope, start = form(net, x[n], y[n], alpha, betas)
        rest = np.linalg.solve(hessian, -slope)
        found = np.concatenate([layer[n] for layer in (*states.plus, *states.minus)])
        assert_allclose(found, rest, rtol=1e-10, atol=1e-11)
        assert values[n] == pytest.approx(start + slope @ rest / 2, rel=1e-11)


@pytest.mark.parametrize("output", ["linearised", "proximal"])
@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("make", [linear, images])
def test_sweeps_rest_where_the_solution_says(make: Any, alpha: float, output: Any) -> None:
    net = make()
    x, y = batch(net)
    beta = 0.4 / max(1.0, float(np.linalg.eigvalsh(influence(net))[-1]))
    found = solve_linear(net, x, y, alpha, beta, output)
    inner = solve(net, x, y, alpha, beta, "plain", output, sweeps=200, tolerance=1e-15)
    for one, other in zip((*found.plus, *found.minus), (*inner.states.plus, *inner.states.minus), strict=True):
        assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("make", [linear, images])
def test_influence_is_the_sum_of_squared_jacobians(make: Any) -> None:
    net = make()
    betas = (0.3, 0.7, 0.2)
    expected = np.zeros((2, 2))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, *net.input_shape))
    states = net.forward(x).states
    for k, state in enumerate(states, start=1):
        rows = []
        for unit in np.eye(state.size):  # outputs are linear in a hidden state: differences are exact
            here, other = state, state + unit.reshape(state.shape)
            for kind, w, b in list(zip(net.connections, net.weights, net.biases, strict=True))[k:]:
                here, other = (kind.link(s).forward(w, b) for s in (here, other))
            rows.append((other - here)[0])
        jacobian = np.array(rows).T
        expected += betas[k - 1] * jacobian @ jacobian.T
    assert_allclose(influence(net, betas), expected, rtol=1e-10)
    if make is linear:
        assert_allclose(influence(net, betas), dense_influence(net, betas), rtol=1e-12)


@pytest.mark.parametrize("output", ["linearised", "proximal"])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("factor", [0.95, 1.05])
def test_sweeps_grow_by_the_growth_factor(alpha: float, factor: float, output: Any) -> None:
    net = linear(scale=2.0)
    x, y = batch(net)
    beta = at_growth(net, alpha, factor, output)
    assert growth_factor(net, alpha, beta, output) == pytest.approx(factor, rel=1e-12)
    inner = solve(net, x, y, alpha, beta, "plain", output, sweeps=120, tolerance=0.0)
    ratio = (inner.changes[-1] / inner.changes[-11]) ** 0.1
    assert ratio == pytest.approx(factor, rel=1e-6)
    assert not inner.converged


@pytest.mark.parametrize("output", ["linearised", "proximal"])
def test_below_half_the_growth_factor_is_also_the_condition_of_a_largest_value(output: Any) -> None:
    """In mean states and differences J is, after the smallest value over differences, concave up to a factor of 1."""
    net = linear(scale=2.0)
    for alpha in (0.0, 0.3):
        for factor, holds in ((0.99, True), (1.01, False)):
            beta = at_growth(net, alpha, factor, output)
            c = 2 * alpha - 1
            h = 1.0 if output == "linearised" else 1 / ((1 + alpha * beta) * (1 - (1 - alpha) * beta))
            jacobians = np.hstack([(net.weights[1] @ net.weights[2]).T, net.weights[2].T])
            # Hessian by the perturbations of the hidden layers
            hessian = h * jacobians.T @ jacobians + np.eye(jacobians.shape[1]) / (c * beta)
            assert (np.linalg.eigvalsh(hessian)[-1] < 0) == holds
            x, y = batch(net)
            if holds:
                solve_linear(net, x, y, alpha, beta, output)
            else:
                with pytest.raises(ConvergenceError, match=r"stability numbers below 1, and here that is 1.01.*alpha"):
                    solve_linear(net, x, y, alpha, beta, output)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_the_objective_is_an_extreme_value_over_perturbations(alpha: float) -> None:
    net, beta = linear(scale=1.5), 0.15
    x, y = batch(net)
    e = net.outputs(x) - y
    c = 2 * alpha - 1
    h = 1 / ((1 + alpha * beta) * (1 - (1 - alpha) * beta))
    jacobians = np.hstack([(net.weights[1] @ net.weights[2]).T, net.weights[2].T])

    def priced(n: int, delta: np.ndarray) -> float:
        moved = e[n] + jacobians @ delta
        return float(h / 2 * moved @ moved + (delta @ delta / (2 * c * beta) if c else 0.0))

    values = linear_objective(net, x, y, alpha, beta)
    states = solve_linear(net, x, y, alpha, beta)
    rng = np.random.default_rng(0)
    for n, value in enumerate(values):
        parts, below = [], x[n]
        for k in range(2):  # what the mean states add to what they receive
            mean = states.mean(alpha)[k][n]
            parts.append(mean - below @ net.weights[k] - net.biases[k])
            below = mean
        delta = np.concatenate(parts)
        assert priced(n, delta) == pytest.approx(value, rel=1e-11)
        if c:
            nearby = [priced(n, delta + 0.1 * rng.normal(size=delta.size)) for _ in range(20)]
            assert min(np.sign(c) * (np.array(nearby) - value)) > 1e-4
        else:
            assert_allclose(delta, 0, atol=1e-12)


def test_order_of_the_extremes_at_both_ends() -> None:
    """The Hessians by all compartments: one order of min and max holds at each end, the other one does not."""
    net = linear(scale=3.0)  # some weights longer than 1
    assert np.linalg.norm(net.weights[1], 2) > 1
    x, y = batch(net)
    half = sum(SIZES[1:])
    k = np.eye(2) + dense_influence(net, (1, 1))

    def blocks(alpha: float, beta: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        hessian = form(net, x[0], y[0], alpha, (beta,) * 3)[0]
        return hessian[:half, :half], hessian[:half, half:], hessian[half:, half:]

    for beta in (0.1, 10.0):  # alpha = 1: min over plus of max over minus, for every beta
        pp, pm, mm = blocks(1.0, beta)
        assert np.linalg.eigvalsh(mm)[-1] < 0
        assert np.linalg.eigvalsh(pp - pm @ np.linalg.solve(mm, pm.T))[0] > 0
    for factor, holds in ((0.99, True), (1.01, False)):  # alpha = 0: max over minus of min over plus, below a beta
        beta = factor / np.linalg.eigvalsh(k)[-1]
        pp, pm, mm = blocks(0.0, beta)
        assert np.linalg.eigvalsh(pp)[0] > 0
        assert (np.linalg.eigvalsh(mm - pm.T @ np.linalg.solve(pp, pm))[-1] < 0) == holds
    # taken by the letter, min over plus of an unbounded max over minus: weights longer than 1 suffice
    assert np.linalg.eigvalsh(blocks(0.0, 1e-6)[2])[-1] > 0


def test_bounds_of_the_objective_and_where_it_falls_with_alpha() -> None:
    net = linear()
    x, y = batch(net, 20)
    e = net.outputs(x) - y
    loss = net.loss.value(net.outputs(x), y)
    tilde = np.eye(2) + dense_influence(net, (1, 1))
    beta = 0.95 / np.linalg.eigvalsh(tilde)[-1]
    quadratic = {
        sign: np.array([row @ np.linalg.inv(np.eye(2) + sign * beta * tilde) @ row / 2 for row in e])
        for sign in (1, -1)
    }
    worst, best = (linear_objective(net, x, y, alpha, beta) for alpha in (0, 1))
    assert_allclose(worst, quadratic[-1], rtol=1e-11)
    assert_allclose(best, quadratic[1], rtol=1e-11)
    assert (best < loss).all() and (loss < worst).all()
    grid = np.array([linear_objective(net, x, y, alpha, beta) for alpha in np.linspace(0, 1, 41)])
    assert (np.diff(grid, axis=0) < 0).all()
    # at one half, not the loss itself but that over 1 - beta^2/4
    assert_allclose(grid[20], loss / (1 - beta**2 / 4), rtol=1e-12)


def test_linearised_outputs_leave_the_output_layer_out_of_the_bounds() -> None:
    net = linear()
    x, y = batch(net)
    e, k = net.outputs(x) - y, dense_influence(net, (1, 1))
    beta = 0.95 / np.linalg.eigvalsh(k)[-1]
    for alpha, sign in ((0.0, -1), (1.0, 1), (0.5, 0)):
        expected = [row @ np.linalg.inv(np.eye(2) + sign * beta * k) @ row / 2 for row in e]
        assert_allclose(linear_objective(net, x, y, alpha, beta, "linearised"), expected, rtol=1e-11)


def test_float32_is_solved_in_float64() -> None:
    net = linear(dtype=np.float32)
    x, y = (a.astype(np.float32) for a in batch(net))
    same = FeedForwardNetwork(
        SIZES[1:],
        [w.astype(float) for w in net.weights],
        [b.astype(float) for b in net.biases],
        3,
        activation=Linear(),
    )
    found = linear_objective(net, x, y, 0.0, 0.2)
    assert found.dtype == np.float64
    assert_allclose(found, linear_objective(same, x.astype(float), y.astype(float), 0.0, 0.2), rtol=1e-14)


def test_one_layer_has_no_influence() -> None:
    net = FeedForwardNetwork.random(3, [2], activation=Linear(), dtype=np.float64, rng=0)
    x, y = batch(net)
    assert growth_factor(net, 0.0, 0.5) == 0
    loss = net.loss.value(net.outputs(x), y)
    assert_allclose(linear_objective(net, x, y, 1.0, 0.5), loss / 1.5, rtol=1e-13)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"alpha": 1.1}, r"alpha = 1.1 .* in \[0, 1\]"),
        ({"alpha": np.nan}, "alpha = nan .* finite"),
        ({"beta": 0.0}, "beta = 0.0 .* greater than 0"),
        ({"beta": (0.1, 0.2)}, "beta .* 3 of them"),
        ({"output": "exact"}, "output = 'exact' .* one of linearised, proximal"),
        ({"beta": 1.0, "alpha": 0.0}, "beta = 1.0 .* below 1 with output"),
        ({"targets": np.zeros((3, 5))}, "targets .* shape .3, 2."),
        ({"inputs": np.zeros((3, 5))}, "inputs .* shape .batch, 3."),
        ({"inputs": np.full((3, 3), np.nan)}, "inputs = nan .* finite"),
        ({"network": FeedForwardNetwork.random(3, [4, 2], activation=ReLU())}, "activation .* Linear"),
        ({"network": FeedForwardNetwork.random(3, [2], activation=Linear(), loss=SoftmaxCrossEntropy())}, "Squared"),
        (
            {"network": FeedForwardNetwork.random((1, 2, 2), [Dense(2, MaxPooling(2))], activation=Linear())},
            "MaxPooling",
        ),
    ],
)
def test_bad_input_says_what_is_valid(change: dict[str, Any], said: str) -> None:
    net = linear()
    x, y = batch(net)
    given = {"network": net, "inputs": x, "targets": y, "alpha": 0.5, "beta": 0.1, "output": "proximal"} | change
    for function in (solve_linear, linear_objective):
        with pytest.raises(InvalidParameterError, match=said):
            function(**given)
