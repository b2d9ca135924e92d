"""The noisy synapse against moment equations, single ladders on a fine grid, and the limit of many copies."""

from __future__ import annotations

import numba
import numpy as np
import pytest
import scipy.linalg

import thermo_cl as tcl
from thermo_cl.errors import InvalidParameterError, MemoryLimitError
from thermo_cl.markov.trajectories import sample_driven_paths
from thermo_cl.synapse.noisy import noisy_update

LADDER = tcl.Ladder(gamma=0.1, rate_factor=4.0, n_levels=3)
PROTOCOL = tcl.Sawtooth(fast=0.8, slow=2.4, mean=40.0)
AMPLITUDE, SCALE = 70.0, 0.6
SIGNAL = PROTOCOL.signal(AMPLITUDE)


def steps() -> list[tuple[float, np.ndarray]]:
    edges = np.concatenate([np.linspace(0.0, 0.8, 201), np.linspace(0.8, 3.2, 401)[1:]])
    rates = LADDER.rate_matrix(SIGNAL(0.5 * (edges[1:] + edges[:-1])))
    return list(zip(np.diff(edges), rates, strict=True))


def periodic_state() -> np.ndarray:
    whole = np.eye(6)
    for h, w in steps():
        whole = scipy.linalg.expm(h * w) @ whole
    values, vectors = np.linalg.eig(whole)
    p = vectors[:, np.argmax(values.real)].real
    return p / p.sum()


PERIODIC = periodic_state()


def test_mean_and_spread_without_threshold() -> None:
    """The integrated occupancy's first two moments from their equations; N copies divide the variance by N."""
    zero, top = np.zeros((6, 6)), np.diag(LADDER.top_rail)
    moments = np.concatenate([PERIODIC, np.zeros(12)])
    for h, w in steps():
        moments = scipy.linalg.expm(h * np.block([[w, zero, zero], [top, w, zero], [zero, 2 * top, w]])) @ moments
    _, first, second = moments.reshape(3, 6).sum(axis=-1)
    for copies in (1, 7):
        noisy = noisy_update(
            LADDER, PROTOCOL, AMPLITUDE, threshold=0.0, copies=copies, cycles=1, replicas=20_000, scale=SCALE,
            reference=0.45, initial=PERIODIC, rng=4,
        )  # fmt: skip
        x, n = noisy.samples.ravel(), 20_000
        mean, variance = -(first - 0.45 * 3.2) / SCALE, (second - first**2) / SCALE**2 / copies
        assert noisy.standard_error == pytest.approx(noisy.standard_deviation / np.sqrt(n))
        assert abs(noisy.mean - mean) < 4.5 * np.sqrt(variance / n)
        fourth = ((x - x.mean()) ** 4).mean()
        assert abs(x.var() - variance) < 4.5 * np.sqrt((fourth - variance**2) / n)


def test_threshold_against_single_ladders_on_a_grid() -> None:
    """Five ladders simulated one by one, their output sampled finely: other code, other merging."""
    replicas, copies, points = 1500, 5, 1600
    times = (np.arange(points) + 0.5) * 3.2 / points
    paths = sample_driven_paths(LADDER, SIGNAL, times, copies=replicas * copies, initial=PERIODIC, rng=12)
    share = (paths.states < 3).reshape(replicas, copies, points).mean(axis=1)
    output = -(share - 0.5) / SCALE
    thresholds = np.array([0.0, 0.3, 0.6])
    expected = np.stack([np.where(np.abs(output) >= q, output, 0.0).sum(axis=-1) * 3.2 / points for q in thresholds])
    noisy = noisy_update(
        LADDER, PROTOCOL, AMPLITUDE, threshold=thresholds, copies=copies, cycles=2, replicas=20_000, scale=SCALE,
        reference=0.5, initial=PERIODIC, rng=13,
    )  # fmt: skip
    assert noisy.samples.shape == (20_000, 2, 3)
    error = np.sqrt(expected.var(axis=-1) / replicas + noisy.standard_error**2)
    assert (np.abs(noisy.mean - expected.mean(axis=-1)) < 4 * error).all()
    assert (np.abs(noisy.standard_deviation / expected.std(axis=-1) - 1) < 4 / np.sqrt(2 * replicas)).all()
    by_cycle = noisy.samples.mean(axis=0)  # the periodic start makes both cycles alike
    assert (np.abs(by_cycle[0] - by_cycle[1]) < 4 * noisy.samples.std(axis=(0, 1)) * np.sqrt(2 / 20_000)).all()


def test_many_copies_follow_the_master_equation() -> None:
    """Thresholds that the mean output passes by far more than the noise: the update is that of the mean."""
    p, update = PERIODIC, 0.0
    for h, w in steps():
        half = scipy.linalg.expm(0.5 * h * w) @ p
        u = -(half[:3].sum() - 0.5) / SCALE
        update += h * u if abs(u) >= 0.1 else 0.0
        p = scipy.linalg.expm(h * w) @ p
    noisy = noisy_update(
        LADDER, PROTOCOL, AMPLITUDE, threshold=0.1, copies=20_000, cycles=2, replicas=3, scale=SCALE, reference=0.5,
        rng=5, warm_up=4,
    )  # fmt: skip
    assert abs(noisy.mean - update) < 0.01 * abs(update)
    assert noisy.standard_deviation < 0.02 * abs(update)


def test_results_depend_on_the_seed_alone() -> None:
    threads, results = numba.get_num_threads(), []
    options = {"threshold": 0.1, "copies": 10, "cycles": 3, "scale": SCALE, "rng": 2}
    try:
        for number in (1, threads):
            numba.set_num_threads(number)
            results.append(noisy_update(LADDER, PROTOCOL, AMPLITUDE, replicas=20, **options).samples)
    finally:
        numba.set_num_threads(threads)
    np.testing.assert_array_equal(*results)
    fewer = noisy_update(LADDER, PROTOCOL, AMPLITUDE, replicas=5, **options).samples
    np.testing.assert_array_equal(fewer, results[0][:5])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"copies": 0}, "copies"),
        ({"cycles": 0}, "cycles"),
        ({"replicas": 1}, "replicas"),
        ({"warm_up": -1}, "warm_up"),
        ({"scale": 0.0}, "scale"),
        ({"threshold": -0.1}, "threshold"),
        ({"threshold": []}, "threshold"),
        ({"amplitude": -1.0}, "amplitude"),
        ({"amplitude": 90.0}, "amplitude"),
        ({"amplitude": [1.0, 2.0]}, "amplitude.shape"),
        ({"scale": [1.0, 2.0]}, "scale.shape"),
        ({"reference": np.nan}, "reference"),
        ({"initial": 6}, "initial"),
        ({"ladder": tcl.Ladder([0.1, 0.2])}, "ladder"),
        ({"protocol": tcl.Sawtooth([1.0, 2.0], 3.0, mean=40.0)}, "protocol"),
    ],
)
def test_bad_input_is_named(arguments: dict, named: str) -> None:
    options = {
        "ladder": LADDER, "protocol": PROTOCOL, "amplitude": AMPLITUDE, "threshold": 0.1, "copies": 2, "scale": SCALE
    } | arguments  # fmt: skip
    with pytest.raises(InvalidParameterError, match=named):
        noisy_update(**options)


def test_memory_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thermo_cl._memory.os.sysconf", lambda name: 300)  # bytes a page, and pages
    with pytest.raises(MemoryLimitError):
        noisy_update(LADDER, PROTOCOL, AMPLITUDE, threshold=0.0, copies=1, replicas=100_000, scale=SCALE)
