"""Jump simulation against exact statistics; random numbers against their definitions."""

from __future__ import annotations

from fractions import Fraction

import numba
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings

import thermo_cl as tcl
from tests.strategies import networks
from thermo_cl.errors import InvalidParameterError, MemoryLimitError, ReducibleNetworkError
from thermo_cl.markov.trajectories import count_jumps, record_paths, sample_currents, sample_paths
from thermo_cl.markov.trajectories._random import fill_exponentials, fill_numbers, following, stream
from thermo_cl.markov.trajectories.streams import following_numbers, stream_key, streams
from thermo_cl.markov.trajectories.tables import jump_tables

MASK = 2**64 - 1
KEY = stream_key(20240501)
LADDER = tcl.Ladder(gamma=0.05)
RING = tcl.MarkovNetwork([[0.0, 1.0, 3.0], [4.0, 0.0, 0.5], [1.0, 6.0, 0.0]])


def test_published_numbers_of_the_generators() -> None:
    """The first outputs of xoshiro256++ from the state (1, 2, 3, 4), and of splitmix64 from 1234567."""
    state, numbers = tuple(np.uint64(x) for x in (1, 2, 3, 4)), []
    for _ in range(5):
        number, *state = following(*(np.uint64(x) for x in state))
        numbers.append(int(number))
    assert numbers == [41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205]
    words = [int(x) for x in stream(np.uint64(1234567), np.uint64(1234567), 0)]
    assert words == [6457827717110365317, 3203168211198807973] * 2
    assert [int(x) for x in stream(np.uint64(1234567), np.uint64(1), 1)][:2] == [
        9817491932198370423,
        4593380528125082431,
    ]


def test_streams_against_whole_numbers() -> None:
    """The same streams in Python's integers and in arrays; copies do not share numbers."""

    def mixed(z: int) -> int:
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        return z ^ (z >> 31)

    def rotated(x: int, k: int) -> int:
        return (x << k | x >> (64 - k)) & MASK

    copies = np.array([0, 1, 2, 10**12])
    seen = set()
    together = streams(KEY, copies)
    uniforms = np.stack([following_numbers(together) for _ in range(50)])
    for i, copy in enumerate(copies.tolist()):
        s = [mixed((int(KEY[w // 2]) + (2 * copy + 1 + w % 2) * 0x9E3779B97F4A7C15) & MASK) for w in range(4)]
        expected = []
        for _ in range(50):
            expected.append((rotated((s[0] + s[3]) & MASK, 23) + s[0]) & MASK)
            t = s[1] << 17 & MASK
            s[2] ^= s[0]
            s[3] ^= s[1]
            s[1] ^= s[2]
            s[0] ^= s[3]
            s[2] ^= t
            s[3] = rotated(s[3], 45)
        out = np.empty(50, np.uint64)
        fill_numbers(*KEY, copy, out)
        assert out.tolist() == expected
        np.testing.assert_array_equal(uniforms[:, i], [((x >> 12) + 0.5) * 2.0**-52 for x in expected])
        seen.update(expected)
    assert len(seen) == 50 * len(copies)


def test_numbers_are_uniform() -> None:
    """Chi-squared of the upper and of the lower byte, of pairs, and across the first numbers of many copies."""
    out = np.empty(2_000_000, np.uint64)
    fill_numbers(*KEY, 0, out)
    first = (following_numbers(streams(KEY, np.arange(2_000_000))) * 256).astype(int)
    pairs = (out[::2] >> np.uint64(60)) * 16 + (out[1::2] >> np.uint64(60))
    for cells in (out >> np.uint64(56), out & np.uint64(255), pairs, first):
        counts = np.bincount(cells.astype(int), minlength=256)
        chi = ((counts - counts.mean()) ** 2).sum() / counts.mean()
        assert abs(chi - 255) < 5 * np.sqrt(2 * 255)


def test_ziggurat_is_exponential() -> None:
    """Moments, tail and the Kolmogorov-Smirnov distance of 10**7 variates."""
    x = np.empty(10_000_000)
    fill_exponentials(*KEY, 3, x)
    n = x.size
    assert x.min() > 0
    for power, mean, second in ((1, 1, 2), (2, 2, 24), (3, 6, 720), (4, 24, 40320)):
        assert abs((x**power).mean() - mean) < 4.5 * np.sqrt((second - mean**2) / n)
    for level in (3.0, 7.69711747013105, 9.0):  # the second is where the tail begins
        tail = np.exp(-level)
        assert abs((x > level).mean() - tail) < 4.5 * np.sqrt(tail / n)
    assert abs((x[1:] * x[:-1]).mean() - 1) < 4.5 * np.sqrt(3 / n) * np.sqrt(5 / 3)
    x.sort()
    cumulative = -np.expm1(-x)
    distance = max((np.arange(1, n + 1) / n - cumulative).max(), (cumulative - np.arange(n) / n).max())
    assert distance * np.sqrt(n) < 2.3  # exceeded with probability 5e-5


@given(networks())
def test_alias_tables_hold_the_rates(network: tcl.MarkovNetwork) -> None:
    """The share of every entry, summed over its slots in exact fractions, is its share of the exit rate."""
    tables, start = jump_tables(network, None)
    n, transitions = network.n_states, len(network.edges) * 2
    assert tables.rows.size == n + 1
    for j in range(n + 1):
        base, bits = int(tables.rows[j]) >> 6, int(tables.rows[j]) & 63
        share = dict.fromkeys(range(n), Fraction(0))
        for slot in range(base, base + (1 << bits)):
            kept = Fraction(int(tables.thresholds[slot]), 2**64)
            for entry, part in zip(tables.choices[2 * slot : 2 * slot + 2].tolist(), (kept, 1 - kept), strict=True):
                share[entry & 0xFFFFFFFF] += part / (1 << bits)
                assert entry >> 32 < transitions
        rates = network.generator[:, j].copy() if j < n else start.copy()
        if j < n:
            assert tables.dwells[j] == pytest.approx(-1 / rates[j], rel=1e-14)
            rates[j] = 0.0
        expected = rates / rates.sum()
        np.testing.assert_allclose([float(share[i]) for i in range(n)], expected, rtol=1e-13, atol=2**-60)


@pytest.mark.parametrize("network", [RING, LADDER.network(), LADDER.network(100.0)])
def test_occupancy_and_currents(network: tcl.MarkovNetwork) -> None:
    counts = count_jumps(network, 200.0, copies=400, rng=5)
    np.testing.assert_allclose(counts.residence_times.sum(axis=-1), 200.0, rtol=1e-12)
    assert (counts.residence_times >= 0).all()
    p, edges = network.steady_state(), counts.edges
    for values, expected in (
        (counts.residence_times / 200.0, p),
        (counts.forward_counts / 200.0, edges.forward * p[edges.source]),
        (counts.backward_counts / 200.0, edges.backward * p[edges.target]),
        (counts.net_counts / 200.0, tcl.probability_currents(network)[edges.target, edges.source]),
    ):
        error = values.std(axis=0, ddof=1) / np.sqrt(400)
        expected_events = expected * 200.0 * 400
        sure = np.abs(expected_events) > 20  # rarer ones are not normal
        assert (np.abs(values.mean(axis=0) - expected) < 5 * error)[sure].all()


def test_top_rail_variance_and_autocorrelation() -> None:
    """Against c^T exp(W t) diag(p) c - <c>^2."""
    network, c = LADDER.network(), LADDER.top_rail
    lags = np.array([0.0, 0.02, 0.1, 0.5, 1.0, 3.0])
    paths = sample_paths(network, lags, copies=200_000, rng=11)
    seen = c[paths.states]
    p = network.steady_state()
    mean = c @ p
    product = (seen[:, :1] - mean) * (seen - mean)
    exact = [c @ scipy.linalg.expm(network.generator * t) @ (p * c) - mean**2 for t in lags]
    error = product.std(axis=0) / np.sqrt(len(product))
    assert (np.abs(product.mean(axis=0) - exact) < 4.5 * error).all()
    assert error.max() < 1e-3 and exact[3] > 10 * error[3]
    np.testing.assert_allclose(paths.average(c), seen.mean(axis=0))


@pytest.mark.parametrize("duration", [0.5, 8.0])
def test_mean_and_variance_of_a_current(duration: float) -> None:
    """Against the moment equations of (p, first, second moment), exponentiated as one matrix."""
    network, n = RING, 3
    d = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
    w, w1, w2 = network.generator, network.rates * d, network.rates * d * d
    zero = np.zeros((n, n))
    moments = scipy.linalg.expm(duration * np.block([[w, zero, zero], [w1, w, zero], [w2, 2 * w1, w]]))
    for initial in (None, 1):
        start = network.steady_state() if initial is None else np.eye(n)[initial]
        m = (moments @ np.concatenate([start, np.zeros(2 * n)])).reshape(3, n).sum(axis=-1)
        both = sample_currents(network, duration, [d, d * d], copies=200_000, initial=initial, rng=3)
        j, traffic = both.values.T
        np.testing.assert_array_equal(traffic, both.jumps)
        variance = m[2] - m[1] ** 2
        assert abs(j.mean() - m[1]) < 4.5 * np.sqrt(variance / j.size)
        fourth = ((j - j.mean()) ** 4).mean()
        assert abs(j.var() - variance) < 4.5 * np.sqrt((fourth - variance**2) / j.size)


def test_dwell_times_and_branches() -> None:
    record = record_paths(RING, 100_000.0, initial=2, rng=8)
    times, states = record.path()
    assert times[0] == 0 and states[0] == 2 and times[-1] <= 100_000.0
    dwell = np.diff(times)
    for j in range(3):
        own = states[:-1] == j
        rates = np.delete(RING.rates[:, j], j)
        x = np.sort(dwell[own]) * rates.sum()
        cumulative = -np.expm1(-x)
        assert np.abs(np.arange(x.size) / x.size - cumulative).max() * np.sqrt(x.size) < 2.3
        target = states[1:][own]
        share = rates[0] / rates.sum()
        first = np.delete(np.arange(3), j)[0]
        assert abs((target == first).mean() - share) < 4.5 * np.sqrt(share * (1 - share) / own.sum())
        # whether the dwell was long says nothing about where the jump went
        assert abs(dwell[own][target == first].mean() * rates.sum() - 1) < 4.5 / np.sqrt((target == first).sum())


def test_every_function_sees_the_same_copies() -> None:
    network, options = LADDER.network(), {"copies": 7, "rng": 21, "initial": np.full(10, 0.1)}
    record = record_paths(network, 5.0, **options)
    counts = count_jumps(network, 5.0, **options)
    moments = np.linspace(5.0, 0.0, 41)
    paths = sample_paths(network, moments, **options)
    step = np.zeros((10, 10))
    step[:5, 5:] = 1.0
    currents = sample_currents(network, 5.0, step - step.T, **options)
    sparse = sample_currents(network, 5.0, scipy.sparse.csr_array(step - step.T), **options)
    np.testing.assert_array_equal(sparse.values, currents.values)
    assert record.times.size == counts.jumps.sum() + 7
    for i in range(7):
        times, states = record.path(i)
        ends = np.append(times[1:], 5.0)
        np.testing.assert_allclose(
            np.bincount(states, weights=ends - times, minlength=10), counts.residence_times[i], atol=1e-12
        )
        np.testing.assert_array_equal(states[np.searchsorted(times, moments, side="right") - 1], paths.states[i])
        assert (states[0], states[-1]) == (counts.initial_states[i], counts.final_states[i])
        assert currents.values[i] == (step - step.T)[states[1:], states[:-1]].sum()
        for e, (a, b) in enumerate(zip(counts.edges.source, counts.edges.target, strict=True)):
            forward = ((states[:-1] == a) & (states[1:] == b)).sum()
            backward = ((states[:-1] == b) & (states[1:] == a)).sum()
            assert (forward, backward) == (counts.forward_counts[i, e], counts.backward_counts[i, e])
    np.testing.assert_array_equal(counts.initial_states, currents.initial_states)
    np.testing.assert_array_equal(counts.final_states, currents.final_states)
    with pytest.raises(InvalidParameterError, match="copy"):
        record.path(7)


def test_results_depend_on_the_seed_alone() -> None:
    network, threads = LADDER.network(), numba.get_num_threads()
    results = []
    try:
        for number in (1, threads):
            numba.set_num_threads(number)
            results.append(
                (
                    count_jumps(network, 2.0, copies=50, rng=1),
                    sample_paths(network, [0.5, 2.0], copies=50, rng=1).states,
                    record_paths(network, 2.0, copies=50, rng=1).times,
                )
            )
    finally:
        numba.set_num_threads(threads)
    for a, b in zip(*results, strict=True):
        for name in ("residence_times", "forward_counts", "final_states") if hasattr(a, "edges") else ():
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
    whole = count_jumps(network, 2.0, copies=50, rng=1).residence_times
    parts = [count_jumps(network, 2.0, copies=25, rng=1, first_copy=f).residence_times for f in (0, 25)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(
        count_jumps(network, 2.0, copies=50, rng=np.random.SeedSequence(1)).residence_times, whole
    )
    generator = np.random.default_rng(1)
    drawn = [count_jumps(network, 2.0, rng=generator).residence_times for _ in range(2)]
    assert (drawn[0] != drawn[1]).any()
    again = count_jumps(network, 2.0, rng=np.random.default_rng(1)).residence_times
    np.testing.assert_array_equal(again, drawn[0])
    assert (count_jumps(network, 2.0).residence_times != count_jumps(network, 2.0).residence_times).any()


def test_absorbing_states_keep_what_reaches_them() -> None:
    network = tcl.MarkovNetwork([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    times = np.array([0.0, 0.1, 1.0, 50.0])
    paths = sample_paths(network, times, copies=100_000, initial=0, rng=2)
    alive = (paths.states == 0).mean(axis=0)
    assert alive[0] == 1 and alive[-1] == 0
    assert (np.abs(alive - np.exp(-3 * times))[1:3] < 4.5 * np.sqrt(0.25 / 1e5)).all()
    assert abs((paths.states[:, -1] == 1).mean() - 2 / 3) < 4.5 * np.sqrt(2 / 9 / 1e5)
    counts = count_jumps(network, 50.0, copies=100, initial=[0.5, 0.5, 0.0], rng=2)
    assert set(counts.jumps) == {0, 1}
    np.testing.assert_allclose(counts.residence_times.sum(axis=-1), 50.0)
    with pytest.raises(ReducibleNetworkError):
        sample_paths(network, times)


@settings(max_examples=20)
@given(networks())
def test_any_network_visits_its_steady_state(network: tcl.MarkovNetwork) -> None:
    """States at one time of copies that start steady, by chi-squared."""
    p = network.steady_state()
    slowest = -1 / network.generator.diagonal().min()
    states = sample_paths(network, [10 * slowest], copies=5000, rng=4).states[:, 0]
    expected = 5000 * p
    common = expected > 10
    seen = np.bincount(states, minlength=network.n_states)
    cells = np.append(seen[common], seen[~common].sum())
    wanted = np.append(expected[common], expected[~common].sum())
    chi = ((cells - wanted)[:-1] ** 2 / wanted[:-1]).sum() + (cells - wanted)[-1] ** 2 / max(wanted[-1], 5.0)
    assert chi < len(cells) + 6 * np.sqrt(2 * len(cells))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"duration": 0.0}, "duration"),
        ({"duration": -1.0}, "duration"),
        ({"duration": np.inf}, "duration"),
        ({"duration": [1.0, 2.0]}, "duration"),
        ({"copies": 0}, "copies"),
        ({"copies": 1.5}, "copies"),
        ({"first_copy": -1}, "first_copy"),
        ({"initial": 3}, "initial"),
        ({"initial": -1}, "initial"),
        ({"initial": [0.5, 0.5]}, "initial"),
        ({"initial": [0.5, 0.6, 0.0]}, "initial"),
        ({"initial": [1.5, -0.5, 0.0]}, "initial"),
        ({"rng": -1}, "rng"),
        ({"rng": "seed"}, "rng"),
        ({"network": LADDER.network([0.0, 1.0])}, "network"),
    ],
)
def test_bad_input_is_named(arguments: dict, named: str) -> None:
    given_ = {"network": RING, "duration": 1.0, "rng": 1} | arguments
    with pytest.raises(InvalidParameterError, match=named):
        count_jumps(**given_)
    with pytest.raises(InvalidParameterError, match=named):
        record_paths(**given_)
    if "duration" not in arguments:
        with pytest.raises(InvalidParameterError, match=named):
            sample_paths(given_.pop("network"), [given_.pop("duration")], **given_)


def test_bad_times_and_increments_are_named() -> None:
    for times in ([], [-1.0], [[1.0]], [np.nan]):
        with pytest.raises(InvalidParameterError, match="times"):
            sample_paths(RING, times)
    for increments in (np.ones((2, 2)), np.full((3, 3), np.nan), 1.0):
        with pytest.raises(InvalidParameterError, match="increments"):
            sample_currents(RING, 1.0, increments)


def test_memory_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thermo_cl._memory.os.sysconf", lambda name: 300)  # bytes a page, and pages
    for refused in (
        lambda: sample_paths(RING, np.linspace(0, 1, 1000), copies=1000, rng=1),
        lambda: count_jumps(RING, 1.0, copies=10_000, rng=1),
        lambda: record_paths(RING, 1e5, rng=1),
        lambda: sample_currents(RING, 1.0, np.zeros((3, 3)), copies=10_000, rng=1),
    ):
        with pytest.raises(MemoryLimitError, match="GiB"):
            refused()


def test_sparse_networks_jump_alike() -> None:
    dense, sparse = LADDER.network(), tcl.MarkovNetwork(scipy.sparse.csr_array(LADDER.network().rates))
    for initial in (0, dense.steady_state()):
        options = {"copies": 20, "rng": 6, "initial": initial}
        np.testing.assert_array_equal(
            record_paths(dense, 3.0, **options).times, record_paths(sparse, 3.0, **options).times
        )


def test_a_long_sparse_chain() -> None:
    """A free walk on 2 * 10**5 + 1 states: variance 2 t, and the hub of a star sees every leaf."""
    n, t = 100_000, 50.0
    walk = tcl.MarkovNetwork(scipy.sparse.diags_array([np.ones(2 * n), np.ones(2 * n)], offsets=[-1, 1]).tocsc())
    x = sample_paths(walk, [t], copies=20_000, initial=n, rng=1).states[:, 0] - n
    assert abs(x.mean()) < 4.5 * np.sqrt(2 * t / x.size)
    assert abs(x.var() - 2 * t) < 4.5 * np.sqrt((2 * t + 2 * (2 * t) ** 2) / x.size)
    hub, leaves = np.zeros(n, int), np.arange(1, n + 1)
    star = scipy.sparse.csr_array((np.ones(2 * n), (np.r_[leaves, hub], np.r_[hub, leaves])), shape=(n + 1, n + 1))
    states = sample_paths(tcl.MarkovNetwork(star), [0.2], copies=20_000, initial=0, rng=1).states[:, 0]
    assert (states == 0).mean() < 0.01
    leaf = states[states > 0]
    assert abs(leaf.mean() / n - 0.5) < 4.5 * np.sqrt(1 / 12 / leaf.size)
    assert len(np.unique(leaf)) > 17_000
