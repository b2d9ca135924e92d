"""Parameters that move during a phase, against every trajectory written out."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.laboratory import (
    ChainFamily,
    boltzmann_family,
    gradient_flow,
    moving_bias_constant,
    moving_mean,
)

MACHINE = boltzmann_family(1, 1, trained=[0])
START = [2.0]


def irregular() -> ChainFamily:
    """Three states, two parameters, statistics that are no whole numbers, not in detailed balance."""
    rng = np.random.default_rng(0)
    level, slope = rng.normal(size=(3, 3)), rng.normal(size=(2, 3, 3))

    def kernels(parameters):
        raw = np.exp(level + np.einsum("mk,kij->mij", parameters, slope))
        return raw / raw.sum(axis=1, keepdims=True)

    return ChainFamily(kernels, rng.normal(size=(3, 2)))


@pytest.mark.parametrize(
    ("family", "start"), [(MACHINE, START), (boltzmann_family(1, 1), [1.0, -0.5]), (irregular(), [0.3, -0.2])]
)
def test_mean_is_the_sum_over_all_trajectories(family: ChainFamily, start) -> None:
    rate, steps, theta = 0.2, 4, np.array(start)
    chain = family.at(theta)
    means = np.zeros((steps + 1, len(theta)))

    def follow(state: int, parameters, p: float, t: int) -> None:
        means[t] += p * parameters
        if t < steps:
            kernel = family.kernels(parameters[None])[0]
            for new in range(chain.n_states):
                follow(new, parameters - rate * chain.statistic[new], p * kernel[new, state], t + 1)

    for state, p in enumerate(chain.law):
        follow(state, theta, p, 0)
    assert_allclose(moving_mean(family, theta, rate, steps), means, rtol=0, atol=1e-13)


def test_flow_solves_its_equation() -> None:
    """For one unit on its own, dw/ds = sigmoid(w): w - e^-w grows as s."""

    def kernels(w):
        on = 1 / (1 + np.exp(-w[:, 0]))
        return np.stack([[1 - on, 1 - on], [on, on]]).transpose(2, 0, 1)

    family = ChainFamily(kernels, [[0.0], [-1.0]])
    times = np.array([0.0, 0.5, 2.0])
    path = gradient_flow(family, [0.3], times)[:, 0]
    assert_allclose(path - np.exp(-path), 0.3 - np.exp(-0.3) + times, rtol=1e-12)


def bias(family: ChainFamily, start, eta: float, steps: int):
    return moving_mean(family, start, eta / steps, steps)[-1] - gradient_flow(family, start, eta)


def test_bias_is_the_square_of_the_rate_over_the_length_with_a_flat_constant() -> None:
    constants = [
        steps / eta**2 * bias(MACHINE, START, eta, steps)[0]
        for eta in (0.025, 0.05, 0.1)
        for steps in (16, 32, 64, 128)
    ]  # fmt: skip
    assert np.ptp(constants) < 0.05 * abs(np.mean(constants))


@pytest.mark.parametrize(
    ("family", "start"), [(MACHINE, START), (MACHINE, [-1.0]), (boltzmann_family(1, 1), [1.0, 0.5])]
)
def test_constant_is_that_of_the_second_order(family: ChainFamily, start) -> None:
    """Extrapolated to small rates and long phases by two halvings."""
    exact = moving_bias_constant(family, start)

    def constant(eta: float, steps: int):
        return steps / eta**2 * bias(family, start, eta, steps)

    def small(steps: int):
        return 2 * constant(0.02, steps) - constant(0.04, steps)

    assert_allclose(2 * small(32) - small(16), exact, rtol=2e-3)
    assert np.abs(exact).max() > 1e-3


def test_random_lengths_leave_a_bias_that_long_phases_do_not_lower() -> None:
    """eta^2 / 2 times G dG, by the variance of the length; nothing of it for fixed lengths."""
    eta, shift = 0.1, 1e-4
    slope = (MACHINE.at([START[0] + shift]).mean - MACHINE.at([START[0] - shift]).mean) / (2 * shift)
    expected = 0.5 * eta**2 * float(MACHINE.at(START).mean[0] * slope[0])
    found = []
    for tau in (4, 8, 16):
        t = np.arange(1, 16 * tau + 1)
        share = (1 / tau) * (1 - 1 / tau) ** (t - 1)
        path = moving_mean(MACHINE, START, eta / tau, len(t))[1:, 0]
        ends = share @ path + (1 - share.sum()) * path[-1]
        found.append(ends - gradient_flow(MACHINE, START, eta)[0])
    assert abs(found[2] - expected) < 0.2 * abs(expected)
    assert abs(found[2] - found[1]) < 0.2 * abs(expected)
    assert abs(bias(MACHINE, START, eta, 16)[0]) < 0.5 * abs(expected)


def test_random_lengths_have_the_bias_of_fixed_ones_against_the_flow_over_their_times() -> None:
    """The mean of the flow at exponential times takes the variance of the length away: what is left falls as 1/tau."""
    eta, left = 0.05, {}
    node, weight = np.polynomial.laguerre.laggauss(24)
    target = float(weight @ gradient_flow(MACHINE, START, eta * node)[:, 0])
    for tau in (8, 16, 32):
        t = np.arange(1, 14 * tau + 1)
        share = (1 / tau) * (1 - 1 / tau) ** (t - 1)
        path = moving_mean(MACHINE, START, eta / tau, len(t))[1:, 0]
        beyond = 1 - share.sum()
        left[tau] = share @ path + beyond * (path[-1] + tau * (path[-1] - path[-2])) - target
    assert left[16] / left[8] == pytest.approx(0.5, abs=0.05)
    assert left[32] / left[16] == pytest.approx(0.5, abs=0.03)
    assert abs(32 * left[32]) < 3 * eta**2 * abs(moving_bias_constant(MACHINE, START)[0])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: moving_mean(MACHINE, [0.0, 1.0], 0.1, 2), "parameters.shape"),
        (lambda: moving_mean(MACHINE, [np.nan], 0.1, 2), "parameters"),
        (lambda: moving_mean(MACHINE, START, 0.0, 2), "rate"),
        (lambda: moving_mean(MACHINE, START, 0.1, 0), "steps"),
        (lambda: moving_mean(irregular(), [0.0, 0.0], 0.1, 400), "steps"),
        (lambda: gradient_flow(MACHINE, START, -1.0), "time"),
        (lambda: moving_bias_constant(MACHINE, [[1.0]]), "parameters.shape"),
        (lambda: ChainFamily(lambda w: w, [1.0]), "statistic.shape"),
    ],
)
def test_bad_input_is_named(call, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        call()
