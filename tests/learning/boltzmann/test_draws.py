"""The counter-based draws: accurate probabilities, and numbers without structure between units, chains and steps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from thermo_cl.learning.boltzmann import _draws
from thermo_cl.learning.phases import isd, step_seed


def numbers(seed: int, chain: int, count: int, first: int = 0) -> np.ndarray:
    key0, key1 = _draws.keys(np.uint64(seed), chain)
    return np.array([_draws.uniform(np.uint32(first + i), key0, key1) for i in range(count)], dtype=np.float64)


def bits(activation: float, seed: int, chains: int, units: int) -> np.ndarray:
    into, out = np.full((chains, units), activation, np.float32), np.empty((chains, units), np.float32)
    _draws.draw_rows(into, np.zeros(units, np.float32), 0, chains, 0, 0, np.uint64(seed), out)
    return out


def test_probabilities_are_accurate_to_rounding() -> None:
    a = np.linspace(-86, 86, 400_001).astype(np.float32)
    p = np.empty_like(a)
    _draws.sigmoid_row(a, p)
    exact = expit(a.astype(np.float64))
    assert np.abs(p - exact).max() < 2 * 2.0**-24
    assert np.abs(p / exact - 1).max() < 4 * 2.0**-24


@pytest.mark.parametrize("activation", [-1e30, -200.0, 200.0, 1e30])
def test_extreme_activations_are_certain(activation: float) -> None:
    assert (bits(activation, 1, 50, 100) == (activation > 0)).all()


@pytest.mark.parametrize("activation", [-6.0, -1.0, 0.0, 0.7, 6.0])
def test_frequencies_are_the_probabilities(activation: float) -> None:
    drawn = bits(activation, 7, 1000, 1000)
    p = expit(activation)
    assert abs(drawn.mean() - p) < 4.5 * np.sqrt(p * (1 - p) / drawn.size)


@pytest.mark.parametrize("along", ["units", "chains", "steps", "seeds"])
def test_numbers_are_uniform_and_independent(along: str) -> None:
    drawer = {
        "units": lambda k: numbers(5, 0, 4096, first=4096 * k),
        "chains": lambda k: numbers(5, k, 4096),
        "steps": lambda k: numbers(step_seed(5, k), 0, 4096),
        "seeds": lambda k: numbers(k, 0, 4096),
    }[along]
    u = np.stack([drawer(k) for k in range(32)])
    assert u.min() >= 0
    assert u.max() <= 1
    counts = np.histogram(u, 256, (0, 1))[0]
    assert stats.chisquare(counts).pvalue > 1e-4
    pairs = np.histogram2d(u[:-1].ravel(), u[1:].ravel(), 32, ((0, 1), (0, 1)))[0]  # one line of numbers and the next
    assert stats.chisquare(pairs.ravel()).pvalue > 1e-4
    beside = np.histogram2d(u[:, :-1].ravel(), u[:, 1:].ravel(), 32, ((0, 1), (0, 1)))[0]
    assert stats.chisquare(beside.ravel()).pvalue > 1e-4
    low = (u * 2.0**20) % 1.0  # the low bits, which a hash mixes worst
    assert stats.chisquare(np.histogram(low[u < 0.5], 16, (0, 1))[0]).pvalue > 1e-4


def test_step_seeds_are_those_of_the_plan() -> None:
    seed = 2**64 - 3
    assert [int(_draws.step_seed_of(np.uint64(seed), k)) for k in range(5)] == [step_seed(seed, k) for k in range(5)]


def test_all_numbers_together_give_the_probability() -> None:
    """The share of the 2**31 numbers that turn a unit on, by bisection: within 1.2e-7, also where it is saturated."""

    def on(k: int, activation: np.float32) -> bool:
        u = np.float32(k) * np.float32(2.0**-31)
        return bool(u * (np.float32(1) + _draws.odds_against(activation)) < np.float32(1))

    for a in np.linspace(-60, 60, 601).astype(np.float32):
        low, high = 0, 2**31  # on at low, not at high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if on(middle, a) else (low, middle)
        assert abs(high / 2**31 - expit(float(a))) < 2.0**-23


def test_lines_of_draws_are_not_correlated() -> None:
    """Neighbouring seeds of a plan, steps and chains, all against each other, units of both layers."""
    seeds = isd(0.5, 3).plan(4, 10, 7).seed
    lines = []
    for seed in (*seeds, seeds[0] + np.uint64(1), seeds[0] - np.uint64(1)):
        for step in range(3):
            into, out = np.zeros((4, 50_000), np.float32), np.empty((4, 50_000), np.float32)
            _draws.draw_rows(into, into[0].copy(), 0, 4, 0, 0, np.uint64(step_seed(int(seed), step)), out)
            lines.append(out)
    found = np.corrcoef(np.concatenate(lines))
    off = found[np.triu_indices(len(found), 1)] * np.sqrt(50_000)
    assert np.abs(off).max() < 4.8  # 2556 pairs
    assert 0.9 < off.std() < 1.1
