"""What phases of fixed and random length measure, against every trajectory."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.learning.laboratory import slow
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann.machine import BoltzmannMachine
from thermo_cl.learning.laboratory import (
    FiniteModel,
    PhaseChain,
    bias_constant,
    boltzmann_model,
    phase_bias,
    phase_kernel,
    phase_moments,
)
from thermo_cl.learning.phases import FixedLength, GeometricLength
from thermo_cl.markov import MarkovNetwork, deviation_matrix


def chain(seed: int = 0) -> PhaseChain:
    """Two examples on three states, two parameters."""
    rng = np.random.default_rng(seed)
    return PhaseChain([slow.random_kernel(rng, 3) for _ in range(2)], rng.normal(size=(3, 2)), [0.3, 0.7])


START = np.array([[0.2, 0.5, 0.3], [0.9, 0.1, 0.0]])


@pytest.mark.parametrize("updates", ["end", "always"])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_fixed_length_is_the_sum_over_trajectories(steps: int, updates) -> None:
    phase = chain()
    pairs = []
    for kernel, weight, start in zip(phase.kernels, phase.weights, START, strict=True):
        for p, path in slow.trajectories(kernel, start, steps):
            measured = (
                phase.statistic[path[-1]] if updates == "end" else phase.statistic[list(path)].sum(axis=0) / steps
            )
            pairs.append((weight * p, measured))
    mean, covariance = slow.moments(pairs)
    found = phase_moments(phase, FixedLength(steps), START, updates)
    assert_allclose(found.mean, mean, rtol=0, atol=1e-12)
    assert_allclose(found.covariance, covariance, rtol=0, atol=1e-12)
    assert_allclose(phase_bias(phase, FixedLength(steps), START, updates), mean - phase.mean, rtol=0, atol=1e-12)


@pytest.mark.parametrize("updates", ["end", "always"])
@pytest.mark.parametrize("mean", [1.0, 1.7, 4.0])
def test_geometric_length_is_the_mixture_of_fixed_ones(mean: float, updates) -> None:
    phase = chain(1)
    first, second = np.zeros(2), np.zeros((2, 2))
    for t in range(1, 120):
        share = (1 / mean) * (1 - 1 / mean) ** (t - 1)
        scale = t / mean if updates == "always" else 1.0
        fixed = phase_moments(phase, FixedLength(t), START, updates)
        first, second = first + share * scale * fixed.mean, second + share * scale**2 * fixed.second
    found = phase_moments(phase, GeometricLength(mean), START, updates)
    assert_allclose(found.mean, first, rtol=0, atol=1e-11)
    assert_allclose(found.second, second, rtol=0, atol=1e-11)
    assert_allclose(phase_bias(phase, GeometricLength(mean), START, updates), first - phase.mean, rtol=0, atol=1e-11)


@pytest.mark.parametrize("mean", [1.0, 3.0, 40.0, 1000.0])
def test_geometric_kernel_is_the_resolvent(mean: float) -> None:
    phase = chain(2)
    for updates in ("end", "always"):
        found = phase_kernel(phase, GeometricLength(mean), updates)
        for kernel, step in zip(found, phase.kernels, strict=True):
            resolvent = step @ np.linalg.inv(np.eye(3) - (1 - 1 / mean) * step) / mean
            assert_allclose(kernel, resolvent, rtol=0, atol=1e-10)
        assert_allclose(found.sum(axis=1), 1.0, atol=1e-12)


def test_deviation_matrix_is_that_of_the_jump_process() -> None:
    """Of the generator P - 1, by elimination without subtractions."""
    phase = chain(3)
    for kernel, deviation, law in zip(phase.kernels, phase.deviation, phase.stationary, strict=True):
        assert_allclose(deviation, deviation_matrix(MarkovNetwork(kernel - np.eye(3))), rtol=0, atol=1e-12)
        powers = sum(np.linalg.matrix_power(kernel, t) - law[:, None] for t in range(400))
        assert_allclose(deviation, powers, rtol=0, atol=1e-10)


def boltzmann() -> FiniteModel:
    return boltzmann_model(BoltzmannMachine(*slow.machine(0, scale=2.0)), slow.EXAMPLES)


def test_always_on_bias_in_closed_form() -> None:
    """Fixed: f D P (1 - P^T) mu / T. Geometric: f DP (1 + DP / tau)^-1 mu / tau."""
    phase, start = boltzmann().negative, boltzmann().positive.law
    reached = phase.deviation[0] @ phase.kernels[0]
    one = np.eye(phase.n_states)
    for tau in (1, 3, 10, 100):
        left = start - np.linalg.matrix_power(phase.kernels[0], tau) @ start
        fixed = phase.statistic.T @ reached @ left / tau
        assert_allclose(phase_bias(phase, FixedLength(tau), start, "always"), fixed, rtol=0, atol=1e-10)
        random = phase.statistic.T @ reached @ np.linalg.solve(one + reached / tau, start) / tau
        assert_allclose(phase_bias(phase, GeometricLength(tau), start, "always"), random, rtol=0, atol=1e-10)


def test_always_on_bias_falls_as_the_inverse_length_with_one_constant() -> None:
    phase, start = boltzmann().negative, boltzmann().positive.law
    constant = bias_constant(phase, start)
    size = np.linalg.norm(constant)
    assert size > 0.1
    left = {}
    for tau in (50, 100, 200, 400):
        left[tau] = np.linalg.norm(tau * phase_bias(phase, GeometricLength(tau), start, "always") - constant)
        fixed = tau * phase_bias(phase, FixedLength(tau), start, "always")
        slowest = np.sort(np.abs(np.linalg.eigvals(phase.kernels[0])))[-2]
        assert np.linalg.norm(fixed - constant) < 1e-10 + size * slowest**tau  # only a power of P is left
    assert_allclose(fixed, constant, rtol=0, atol=1e-10)
    assert left[400] < 0.02 * size
    for tau in (100, 200, 400):  # the next term is of the order 1 / tau^2
        assert left[tau] * 2 == pytest.approx(left[tau // 2], rel=0.1)


def test_equilibrium_start_has_no_bias() -> None:
    phase = chain(4)
    for length in (FixedLength(3), GeometricLength(4.0)):
        for updates in ("end", "always"):
            assert_allclose(phase_bias(phase, length, phase.stationary, updates), 0.0, atol=1e-14)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: PhaseChain([[0.5, 0.5]], [[1.0]]), "kernels.shape"),
        (lambda: PhaseChain([[0.5, 0.4], [0.5, 0.5]], [[1.0], [0.0]]), "kernels"),
        (lambda: PhaseChain(np.eye(2), [[1.0], [0.0]]), r"kernels\[0\]"),
        (lambda: PhaseChain(np.full((2, 2), 0.5), [[1.0]]), "statistic.shape"),
        (lambda: PhaseChain(np.full((2, 2), 0.5), [[np.nan], [0.0]]), "statistic"),
        (lambda: PhaseChain(np.full((2, 2), 0.5), [[1.0], [0.0]], [0.5, 0.5]), "weights"),
        (lambda: FiniteModel(chain(), PhaseChain(np.full((2, 2), 0.5), [[1.0], [0.0]])), "negative.statistic.shape"),
        (lambda: phase_bias(chain(), FixedLength(1), [0.5, 0.5]), "start"),
        (lambda: phase_bias(chain(), FixedLength(1), np.full((3, 3), 1 / 3)), "start.shape"),
        (lambda: phase_bias(chain(), FixedLength(1), START, "never"), "updates"),
        (lambda: phase_moments(chain(), FixedLength(1), START, "never"), "updates"),
    ],
)
def test_bad_input_is_named(call, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        call()
