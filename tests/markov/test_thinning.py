"""Driven trajectories by thinning against the master equation, integrated by steps of the matrix exponential."""

from __future__ import annotations

import numba
import numpy as np
import pytest
import scipy.linalg

import thermo_cl as tcl
from thermo_cl.errors import InvalidParameterError, MemoryLimitError
from thermo_cl.markov.trajectories import (
    driven_trajectory_entropy,
    sample_driven_paths,
    sample_paths,
    sample_thinned_paths,
)

SAWTOOTH = tcl.Sawtooth(fast=0.7, slow=2.0, mean=30.0).signal(60.0)
CASES = {
    "paper": (tcl.Ladder(gamma=1e-3), SAWTOOTH),
    "three levels": (tcl.Ladder(gamma=0.4, rate_factor=3.0, n_levels=3, reference_level=0.4), SAWTOOTH),
    "reversed drive": (tcl.Ladder(gamma=2.0, rate_factor=1.0, n_levels=4, energy_step=0.7), SAWTOOTH),
    "swapped constants": (
        tcl.Ladder(gamma=0.1, rate_factor=5.0, inactive_dissociation=500.0, active_dissociation=2.0),
        tcl.PeriodicSignal([0.0, 0.1, 0.5, 1.3], [4.0, 100.0, 0.0, 4.0]),
    ),
}


def propagator(
    ladder: tcl.Ladder, signal: tcl.PeriodicSignal, start: float, stop: float, per_time: int = 200
) -> np.ndarray:
    """Product of exponentials at the midpoints of short steps; the fastest states lag by half a step."""
    edges = np.linspace(start, stop, 1 + max(20, int(per_time * (stop - start))))
    rates = ladder.rate_matrix(signal(0.5 * (edges[1:] + edges[:-1])))
    whole = np.eye(2 * ladder.n_levels)
    for step in scipy.linalg.expm(rates * (edges[1] - edges[0])):
        whole = step @ whole
    return whole


@pytest.mark.parametrize(("case", "bin_"), [*((case, 0.1) for case in CASES), ("three levels", 100.0)])
def test_driven_paths_follow_the_master_equation(case: str, bin_: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Joint probabilities of the states at two times, the second one past a period; in bins however coarse."""
    ladder, signal = CASES[case]
    monkeypatch.setattr("thermo_cl.markov.trajectories.driven._BIN", bin_)
    first, second = 0.3 * float(signal.period), 1.2 * float(signal.period)
    count, n = 200_000, 2 * ladder.n_levels
    start = np.full(n, 1.0 / n)
    paths = sample_driven_paths(ladder, signal, [second, 0.0, first], copies=count, initial=start, rng=6)
    p = propagator(ladder, signal, 0.0, first) @ start
    joint = propagator(ladder, signal, first, second) * p
    for states, exact in (
        (paths.states[:, 1], start),
        (paths.states[:, 2], p),
        (paths.states[:, 0] * n + paths.states[:, 2], joint.ravel()),
    ):
        seen = np.bincount(states, minlength=exact.size) / count
        error = np.sqrt(exact * (1 - exact) / count)
        common = exact * count > 20
        assert (np.abs(seen - exact) < 4.7 * error)[common].all()
        assert abs(seen[~common].sum() - exact[~common].sum()) < 4.7 * np.sqrt(exact[~common].sum() / count) + 1e-12


def test_a_constant_signal_changes_nothing() -> None:
    ladder = tcl.Ladder(gamma=0.2)
    flat = tcl.PeriodicSignal([0.0, 0.3], [40.0, 40.0])
    driven = sample_driven_paths(ladder, flat, [2.0], copies=100_000, rng=1).states[:, 0]
    still = sample_paths(ladder.network(40.0), [2.0], copies=100_000, rng=2).states[:, 0]
    p = ladder.steady_state(40.0)
    for states in (driven, still):
        seen = np.bincount(states, minlength=10) / 1e5
        assert (np.abs(seen - p) < 4.5 * np.sqrt(p / 1e5) + 1e-5).all()


def test_mean_entropy_is_the_integral_of_its_rate() -> None:
    """Mean flow into the medium against the integral of sum J ln(W_ij / W_ji) by the master equation."""
    ladder, signal = CASES["three levels"]
    start, duration = ladder.steady_state(0.0), 1.5
    h, p, flow = duration / 600, start, 0.0
    rates = ladder.rate_matrix(signal((np.arange(600) + 0.5) * h))
    for w, half in zip(rates, scipy.linalg.expm(0.5 * h * rates), strict=True):
        middle = half @ p
        p = half @ middle
        joined = (w > 0) & (w.T > 0)
        force = np.where(joined, np.log(np.where(joined, w, 1.0)) - np.log(np.where(joined, w.T, 1.0)), 0.0)
        flow += h * (np.where(joined, w, 0.0) * force * middle).sum()
    samples = driven_trajectory_entropy(ladder, signal, duration, final=p, copies=200_000, rng=9)
    assert abs(samples.medium.mean() - flow) < 4.5 * samples.medium.std() / np.sqrt(200_000)
    np.testing.assert_allclose(samples.total, samples.medium + samples.system)
    np.testing.assert_allclose(samples.system, np.log(start[samples.initial_states]) - np.log(p[samples.final_states]))
    assert samples.method == "thinning"
    assert flow > 10 * samples.medium.std() / np.sqrt(200_000)


def test_driven_results_depend_on_the_seed_alone() -> None:
    ladder, signal = CASES["paper"]
    options = {"copies": 40, "rng": 3}
    threads, results = numba.get_num_threads(), []
    try:
        for number in (1, threads):
            numba.set_num_threads(number)
            results.append(sample_driven_paths(ladder, signal, [1.0, 5.0], **options).states)
    finally:
        numba.set_num_threads(threads)
    np.testing.assert_array_equal(*results)
    parts = [sample_driven_paths(ladder, signal, [1.0, 5.0], copies=20, rng=3, first_copy=f).states for f in (0, 20)]
    np.testing.assert_array_equal(np.concatenate(parts), results[0])
    np.testing.assert_array_equal(
        sample_driven_paths(ladder, signal, [5.0, 1.0], **options).states[:, ::-1], results[0]
    )


# ------------------------------------------------------------------ any network, any signal


def flipping(signals: np.ndarray) -> np.ndarray:
    return np.multiply.outer(1.0 + signals, np.ones((2, 2)))


def test_thinned_paths_of_a_flip_with_a_sine() -> None:
    times = np.array([0.0, 0.4, 1.0, 3.0])
    paths = sample_thinned_paths(flipping, np.sin, times, rate_bound=2.0, copies=100_000, initial=0, rng=1)
    up = 0.5 * (1 + np.exp(-2 * (times + 1 - np.cos(times))))
    seen = paths.average([1.0, 0.0])
    assert seen[0] == 1.0
    assert (np.abs(seen - up) <= 4.5 * np.sqrt(up * (1 - up) / 1e5)).all()
    assert "bound" in paths.status


def test_thinned_paths_of_a_ladder_are_those_of_the_compiled_loop() -> None:
    """Same law, other code: joint states at two times by chi-squared."""
    ladder, signal = CASES["three levels"]
    peak = -np.diagonal(ladder.rate_matrix([0.0, 60.0]), axis1=-2, axis2=-1).min(axis=0)
    times = [0.5, 1.1]
    slow = sample_thinned_paths(ladder.rate_matrix, signal, times, rate_bound=1.0001 * peak, copies=20_000, rng=1)
    fast = sample_driven_paths(ladder, signal, times, copies=20_000, rng=2)
    a, b = (np.bincount(x.states[:, 0] * 6 + x.states[:, 1], minlength=36) for x in (slow, fast))
    used = a + b > 10
    chi = ((a - b)[used] ** 2 / (a + b)[used]).sum()
    assert chi < used.sum() + 5 * np.sqrt(2 * used.sum())


def test_thinned_copies_do_not_depend_on_their_company(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"rate_bound": [2.0, 3.0], "rng": 5, "initial": [0.3, 0.7]}
    whole = sample_thinned_paths(flipping, np.sin, [2.0, 1.0, 7.0], copies=30, **options).states
    monkeypatch.setattr("thermo_cl.markov.trajectories.thinning._AT_ONCE", 28)
    np.testing.assert_array_equal(
        sample_thinned_paths(flipping, np.sin, [2.0, 1.0, 7.0], copies=30, **options).states, whole
    )
    later = sample_thinned_paths(flipping, np.sin, [2.0, 1.0, 7.0], copies=10, first_copy=20, **options).states
    np.testing.assert_array_equal(later, whole[20:])


def test_a_rate_above_its_bound_names_time_and_rate() -> None:
    with pytest.raises(InvalidParameterError, match=r"rate_bound = 1.5 .* at least 1\.[5-9]\d*, .* state [01] at t = "):
        sample_thinned_paths(flipping, np.sin, [2.0], rate_bound=1.5, copies=1000, initial=0, rng=1)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"generator": lambda s: -flipping(s)}, "generator"),
        ({"generator": lambda s: np.ones((2, 2))}, "generator"),
        ({"generator": lambda s: flipping(s)[:1] * np.nan}, "generator"),
        ({"signal": lambda t: t * np.nan}, "signal"),
        ({"signal": lambda t: np.where(t > 0.1, np.nan, 0.0)}, "signal"),
        ({"generator": np.ones((2, 2))}, "generator"),
        ({"signal": 3.0}, "signal"),
        ({"rate_bound": 0.0}, "rate_bound"),
        ({"rate_bound": [1.0, 1.0, 1.0]}, "rate_bound"),
        ({"copies": 0}, "copies"),
        ({"initial": 2}, "initial"),
        ({"times": -1.0}, "times"),
    ],
)
def test_bad_input_is_named(arguments: dict, named: str) -> None:
    options = {"generator": flipping, "signal": np.sin, "times": 5.0, "rate_bound": 2.0, "rng": 1} | arguments
    with pytest.raises(InvalidParameterError, match=named):
        sample_thinned_paths(**options)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"ladder": tcl.Ladder(gamma=[0.1, 0.2])}, "ladder"),
        ({"signal": tcl.PeriodicSignal([0.0, 1.0, 2.0], [0.0, -1.0, 0.0])}, "signal"),
        ({"signal": tcl.Sawtooth([1.0, 2.0], 3.0).signal(0.0)}, "signal"),
        ({"signal": np.sin}, "sample_thinned_paths"),
        ({"ladder": tcl.Ladder(0.1, energy_step=400.0)}, "energy_step"),
        ({"times": -1.0}, "times"),
        ({"copies": 0}, "copies"),
        ({"initial": 10}, "initial"),
        ({"rng": 0.5}, "rng"),
    ],
)
def test_bad_driven_input_is_named(arguments: dict, named: str) -> None:
    options = {"ladder": tcl.Ladder(gamma=0.1), "signal": SAWTOOTH, "times": 1.0} | arguments
    with pytest.raises(InvalidParameterError, match=named):
        sample_driven_paths(**options)


def test_memory_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thermo_cl._memory.os.sysconf", lambda name: 300)  # bytes a page, and pages
    with pytest.raises(MemoryLimitError):
        sample_driven_paths(tcl.Ladder(gamma=0.1), SAWTOOTH, [1.0], copies=100_000)
    with pytest.raises(MemoryLimitError):
        sample_thinned_paths(flipping, np.sin, [1.0], rate_bound=2.0, copies=100_000)
