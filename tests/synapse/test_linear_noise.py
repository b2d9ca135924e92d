"""Linear noise against double integrals on a grid, Gaussian quadrature, simulation and the limit of many ladders."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.linalg

import thermo_cl as tcl
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.driving import periodic_state
from thermo_cl.synapse import driven_update, linear_noise, noisy_update

LADDER = tcl.Ladder(gamma=0.1, rate_factor=4.0, n_levels=3)
PROTOCOL = tcl.Sawtooth(fast=0.8, slow=2.4, mean=40.0)
AMPLITUDE, SCALE, REFERENCE = 70.0, 0.2, 0.45
OPTIONS: dict[str, Any] = {"scale": SCALE, "reference": REFERENCE}


@cache
def grid(steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, top-rail occupancy and covariance C[i, j], i >= j, on a grid, by exponentials at the midpoints."""
    times = np.concatenate([np.linspace(0.0, 0.8, steps + 1), np.linspace(0.8, 3.2, 3 * steps + 1)[1:]])
    middle, h = 0.5 * (times[1:] + times[:-1]), np.diff(times)
    rates = LADDER.rate_matrix(PROTOCOL.signal(AMPLITUDE)(middle))
    propagators = scipy.linalg.expm(h[:, None, None] * rates)
    whole = np.eye(6)
    for step in propagators:
        whole = step @ whole
    system = whole - np.eye(6)
    system[-1] = 1.0
    p, c = np.linalg.solve(system, np.eye(6)[-1]), LADDER.top_rail
    top, covariance = np.empty(times.size), np.zeros((times.size, times.size))
    displaced = np.zeros((6, times.size))
    for i in range(times.size):
        if i:
            p, displaced = propagators[i - 1] @ p, propagators[i - 1] @ displaced
        top[i] = c @ p
        displaced[:, i] = p * c - p * top[i]
        covariance[i] = c @ displaced
    return times, top, covariance


def gaussian_means(u: np.ndarray, sigma: np.ndarray, theta: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean of g(X), and mean of g(X) (X - u) / sigma**2, by quadrature between the thresholds."""
    x, w = np.polynomial.legendre.leggauss(60)
    mean, slope = np.zeros(u.size), np.zeros(u.size)
    for i, (m, s) in enumerate(zip(u, sigma, strict=True)):
        ends = np.unique(np.clip([m - 9 * s, m, m + 9 * s, -theta, theta], m - 9 * s, m + 9 * s))
        for a, b in pairwise(ends):
            y = 0.5 * (a + b) + 0.5 * (b - a) * x
            if abs(0.5 * (a + b)) >= theta:
                density = np.exp(-0.5 * ((y - m) / s) ** 2) / (s * np.sqrt(2 * np.pi))
                mean[i] += 0.5 * (b - a) * w @ (density * y)
                slope[i] += 0.5 * (b - a) * w @ (density * y * (y - m)) / s**2
    return mean, slope


def brute_force(steps: int, theta: float, copies: int) -> np.ndarray:
    """Mean and variance by the trapezoidal rule on the grid."""
    times, top, covariance = grid(steps)
    u, sigma = (REFERENCE - top) / SCALE, np.sqrt(top * (1 - top) / copies) / SCALE
    mean, w = gaussian_means(u, sigma, theta)
    inner = [np.trapezoid((w * row)[: i + 1], times[: i + 1]) for i, row in enumerate(covariance)]
    return np.array([np.trapezoid(mean, times), 2 * np.trapezoid(w * inner, times) / SCALE**2 / copies])


def highest_output() -> float:
    return float((REFERENCE - grid(400)[1].min()) / SCALE)


@pytest.mark.parametrize("theta", [0.0, "middle", "highest", "beyond"])
def test_against_the_double_integral_on_a_grid(theta: float | str) -> None:
    """Also where the output only touches the threshold, or stays below it by less than the noise."""
    copies, shares = 400, {"middle": 0.4, "highest": 1.0, "beyond": 1.2}
    threshold = shares[theta] * highest_output() if isinstance(theta, str) else theta
    coarse, fine = (brute_force(steps, threshold, copies) for steps in (200, 400))
    mean, variance = fine + (fine - coarse) / 3
    found = linear_noise(LADDER, PROTOCOL, AMPLITUDE, threshold=threshold, copies=copies, **OPTIONS)
    assert found.mean == pytest.approx(mean, rel=2e-6)
    assert found.standard_deviation == pytest.approx(np.sqrt(variance), rel=2e-6)


def sharp_weights(times: np.ndarray, u: np.ndarray, theta: float) -> np.ndarray:
    """Weights of the noise at the grid's times for a sharp threshold: its steps above, its jumps at crossings."""
    weights = np.zeros(times.size)
    for i, (h, a, b) in enumerate(zip(np.diff(times), u[:-1], u[1:], strict=True)):
        cuts = [(level - a) / (b - a) for level in (theta, -theta) if (a - level) * (b - level) < 0]
        for low, high in pairwise([0.0, *cuts, 1.0]):
            if abs(a + 0.5 * (low + high) * (b - a)) >= theta:
                share = 0.5 * (low + high)
                weights[i : i + 2] += h * (high - low) * np.array([1.0 - share, share])
        for x in cuts:
            weights[i : i + 2] += theta * h / abs(b - a) * np.array([1.0 - x, x])
    return weights


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.6])
def test_many_ladders_have_a_sharp_threshold(threshold: float) -> None:
    """The mean tends to the driven update, N times the variance to the integrals over what is above, and its ends."""
    driven = driven_update(LADDER, PROTOCOL, AMPLITUDE, threshold=threshold, first_moment=SCALE)
    few, many = (
        linear_noise(LADDER, PROTOCOL, AMPLITUDE, threshold=threshold, copies=n, scale=SCALE) for n in (10**4, 10**12)
    )
    assert many.update == pytest.approx(driven.update, rel=1e-8)
    assert many.mean == pytest.approx(driven.update, rel=1e-8)
    variances = []
    for steps in (200, 400):
        times, top, covariance = grid(steps)
        w = sharp_weights(times, (driven.reference - top) / SCALE, threshold)
        variances.append(w @ (covariance + np.tril(covariance, -1).T) @ w / SCALE**2)
    limit = 2 * variances[1] - variances[0]  # of first order where crossings meet the ridge of the covariance
    assert many.standard_deviation * 1e6 == pytest.approx(np.sqrt(limit), rel=3e-3)
    if threshold == 0.0:
        assert few.mean == pytest.approx(few.update, rel=1e-9)
        assert few.standard_deviation * 1e2 == pytest.approx(many.standard_deviation * 1e6, rel=1e-8)
        assert few.status == "exact"


def test_simulated_synapses() -> None:
    """Thresholds half-way between the values that the output takes; what is not linear adds up to 6 % of spread."""
    copies, replicas = 1000, 4000
    start = periodic_state(LADDER, PROTOCOL.signal(AMPLITUDE)).probabilities[0]
    thresholds = [0.0, 0.1025, 0.3025, 0.6025]
    noisy = noisy_update(
        LADDER, PROTOCOL, AMPLITUDE, threshold=thresholds, copies=copies, cycles=1, replicas=replicas, initial=start,
        rng=7, **OPTIONS,
    )  # fmt: skip
    for k, theta in enumerate(thresholds):
        found = linear_noise(LADDER, PROTOCOL, AMPLITUDE, threshold=theta, copies=copies, **OPTIONS)
        assert abs(noisy.mean[k] - found.mean) < 4.5 * noisy.standard_error[k]
        more = noisy.standard_deviation[k] / found.standard_deviation - 1.0
        assert -4.5 / np.sqrt(2 * replicas) < more < 4.5 / np.sqrt(2 * replicas) + (0.06 if theta else 0.0)
    assert noisy.mean[3] < 0.55 * noisy.mean[0]  # the last threshold matters


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"ladder": tcl.Ladder([0.1, 0.2])}, "ladder"),
        ({"protocol": tcl.Sawtooth([1.0, 2.0], 3.0, mean=40.0)}, "protocol"),
        ({"amplitude": [1.0, 2.0]}, "amplitude.shape"),
        ({"amplitude": -1.0}, "amplitude"),
        ({"amplitude": 81.0}, "amplitude"),
        ({"threshold": [0.1, 0.2]}, "threshold.shape"),
        ({"threshold": -0.1}, "threshold"),
        ({"copies": 0}, "copies"),
        ({"scale": 0.0}, "scale"),
        ({"scale": [1.0, 2.0]}, "scale.shape"),
        ({"reference": np.nan}, "reference"),
        ({"tolerance": 1.0}, "tolerance"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], named: str) -> None:
    arguments = {
        "ladder": LADDER, "protocol": PROTOCOL, "amplitude": AMPLITUDE, "threshold": 0.1, "copies": 10, "scale": SCALE
    } | change  # fmt: skip
    with pytest.raises(InvalidParameterError, match=f"^{named} = "):
        linear_noise(**arguments)
