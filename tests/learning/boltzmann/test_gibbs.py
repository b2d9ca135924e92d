"""Gibbs sampling: the transition probabilities are those of brute force, and nothing depends on how it is split."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from scipy import stats

from tests.learning.boltzmann.machines import KINDS, machine, rows
from tests.oracles import boltzmann_brute as brute
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann import BoltzmannMachine, _tables, held, hidden_probabilities, sample
from thermo_cl.learning.boltzmann.gibbs import _by_products, _by_rows, _by_tables, _one_by_one
from thermo_cl.learning.phases import Phase, step_seed

_NONE = np.zeros(1, int)


def _numbers(v: np.ndarray, h: np.ndarray) -> np.ndarray:
    return (np.concatenate([v, h], 1).astype(int) << np.arange(v.shape[1] + h.shape[1])).sum(1)


def _fits(found: np.ndarray, p: np.ndarray) -> bool:
    counts = np.bincount(found, minlength=len(p))
    rare = p * len(found) < 5  # together one class
    expected = np.append(p[~rare], p[rare].sum()) * len(found)
    observed = np.append(counts[~rare], counts[rare].sum())
    used = expected > 0
    return bool(stats.chisquare(observed[used], expected[used]).pvalue > 1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [1, 3])
def test_free_steps_have_the_transition_probabilities(kind: str, steps: int, dtype: type) -> None:
    m = machine(kind, 3, 2, dtype=dtype)
    chains = 20_000
    v, h = np.tile([[1.0, 0.0, 1.0]], (chains, 1)), np.tile([[0.0, 1.0]], (chains, 1))
    start = int(_numbers(v[:1], h[:1])[0])
    p = np.linalg.matrix_power(brute.free_step(m), steps)[:, start]
    assert _fits(_numbers(*sample(m, (v, h), steps=steps, seed=11)), p)


def test_one_chain_visits_the_stationary_distribution() -> None:
    m = machine("coupled", 3, 2)
    state, found = m.start(1, seed=0), []
    for k in range(4000):
        state = m.run(Phase.NEGATIVE, state, state[0], _NONE, steps=12, seed=k)
        found.append(_numbers(*state)[0])
    assert _fits(np.array(found), brute.joint(m)[0].T.ravel())


def test_held_steps_draw_the_hidden_units_given_the_data() -> None:
    m = machine("biases", 6, 5)
    v = np.repeat(rows(1, 6), 50_000, 0)
    p = hidden_probabilities(m, v[:1])[0]
    h = held(m, v, steps=3, seed=4)
    assert (np.abs(h.mean(0) - p) < 4.5 * np.sqrt(p * (1 - p) / len(h))).all()
    assert np.abs(np.corrcoef(h.T) - np.eye(5)).max() < 4.5 / np.sqrt(len(h))


@pytest.mark.parametrize("kind", ["plain", "coupled"])
@pytest.mark.parametrize("phase", list(Phase))
def test_a_run_of_two_is_two_runs_of_one(kind: str, phase: Phase) -> None:
    m, x = machine(kind, 7, 5), rows(3, 7)
    state = m.start(3, seed=1)
    together = m.run(phase, state, x, _NONE, steps=2, seed=9)
    for k in range(2):
        state = m.run(phase, state, x, _NONE, steps=1, seed=step_seed(9, k))
    for one, other in zip(together, state, strict=True):
        assert (one == other).all()


@pytest.mark.parametrize("loop", [_by_products, _by_rows, _by_tables, _one_by_one])
def test_all_loops_give_the_same_chains_for_any_threads_and_number(loop) -> None:
    m = BoltzmannMachine.random(130, 90, scale=0.3, visible_biases=True, dtype=np.float64, rng=0)
    v, h = m.start(130, seed=2)
    expected = sample(m, (v[:1], h[:1]), steps=5, seed=3)
    found, before = [], numba.get_num_threads()
    try:
        for threads in (1, 2):
            numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
            x, y = v.copy(), h.copy()
            loop(m, x, y, 5, 3)
            found.append((x, y))
    finally:
        numba.set_num_threads(before)
    assert (found[0][0] == found[1][0]).all() and (found[0][1] == found[1][1]).all()
    assert (found[0][0][:1] == expected[0]).all() and (found[0][1][:1] == expected[1]).all()
    everyone = sample(m, (v, h), steps=5, seed=3)
    assert (everyone[0] == found[0][0]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("visible", "hidden"), [(64, 64), (130, 90), (200, 257)])
def test_tables_and_rows_give_the_same_bits(visible: int, hidden: int, dtype: type) -> None:
    m = BoltzmannMachine.random(visible, hidden, scale=0.5, visible_biases=True, dtype=dtype, rng=1)
    v, h = m.start(67, seed=2)
    found = []
    for loop in (_by_rows, _by_tables):
        x, y = v.copy(), h.copy()
        loop(m, x, y, 40, 3)
        found.append(np.concatenate([x, y], 1))
    assert (found[0] == found[1]).all()
    few = sample(m, (v[:2], h[:2]), steps=40, seed=3)  # by tables
    assert (np.concatenate(few, 1) == found[0][:2]).all()
    state = v[:1], h[:1]
    for k in range(40):  # too few at a time for tables
        state = sample(m, state, steps=1, seed=step_seed(3, k))
    assert (np.concatenate(state, 1) == found[0][:1]).all()


@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (65, 3), (500, 784), (130, 70)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_partial_sums_are_the_inputs(shape: tuple[int, int], dtype: type) -> None:
    rng = np.random.default_rng(5)
    weights, x = rng.normal(size=shape).astype(dtype), rng.integers(0, 2, (3, shape[0])).astype(dtype)
    units, outputs = shape
    width = _tables.LINES * _tables.LINE // np.dtype(dtype).itemsize
    table = np.full((16, -(-units // 64), 16, -(-outputs // width) * width + 3), np.nan, dtype)
    _tables.build(weights, 0, 16, table)
    codes, found = np.empty((16, 4, table.shape[1]), np.uint8), np.empty((4, table.shape[3]), dtype)
    _tables.encode(x, codes)
    _tables.inputs_by_table(table, codes, 3, width, found)
    alone = np.empty_like(found)
    _tables.inputs_by_table(table, codes, 1, width, alone)
    assert (alone[0] == found[0]).all()
    exact = np.array([[math.fsum(column[row != 0]) for column in weights.T.astype(float)] for row in x])
    error = np.abs(found[:3, :outputs] - exact).max()
    assert error <= 40 * np.finfo(dtype).eps * np.abs(weights).sum(0).max()
    rows, columns = np.empty(outputs, dtype), np.empty(outputs, dtype)
    padded = np.zeros(table.shape[1] * 64, dtype)
    padded[:units] = x[0]
    _tables.inputs_from_rows(weights, x[0], np.empty(outputs, dtype), rows)
    _tables.inputs_from_columns(np.ascontiguousarray(weights.T), padded, np.zeros(64, dtype), columns)
    assert (rows == found[0, :outputs]).all() and (columns == rows).all()


def test_inputs_are_left_alone_and_bad_ones_refused() -> None:
    m = machine("plain", 4, 3)
    v, h = m.start(2, seed=0)
    kept = v.copy(), h.copy()
    sample(m, (v, h), steps=4, seed=1)
    assert (v == kept[0]).all() and (h == kept[1]).all()
    for steps in (0, -1, 1.5):
        with pytest.raises(InvalidParameterError, match="steps"):
            sample(m, (v, h), steps=steps, seed=0)
        with pytest.raises(InvalidParameterError, match="steps"):
            held(m, v, steps=steps, seed=0)
    for seed in (-1, 2**64, 0.5, None):
        with pytest.raises(InvalidParameterError, match="seed"):
            sample(m, (v, h), steps=1, seed=seed)
    with pytest.raises(InvalidParameterError, match="as many as v"):
        sample(m, (v, h[:1]), steps=1, seed=0)
    with pytest.raises(InvalidParameterError, match="two arrays"):
        sample(m, (v,), steps=1, seed=0)
    with pytest.raises(InvalidParameterError, match="0 or 1"):
        sample(m, (v + 0.5, h), steps=1, seed=0)


@pytest.mark.parametrize("kind", ["biases", "coupled"])
@pytest.mark.parametrize(("visible", "hidden"), [(1, 1), (1, 4), (4, 1), (3, 5), (5, 3)])
def test_transitions_of_other_shapes(visible: int, hidden: int, kind: str) -> None:
    m = machine(kind, visible, hidden, seed=5, size=1.5)
    chains = 20_000
    v, h = rows(1, visible, seed=1), rows(1, hidden, seed=2)
    p = np.linalg.matrix_power(brute.free_step(m), 2)[:, int(_numbers(v, h)[0])]
    assert _fits(_numbers(*sample(m, (v.repeat(chains, 0), h.repeat(chains, 0)), steps=2, seed=8)), p)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loop", [_by_products, _by_rows, _by_tables, _one_by_one])
def test_every_loop_keeps_the_stationary_distribution(loop, dtype: type) -> None:
    m = machine("biases", 5, 4, seed=3, size=1.2, dtype=dtype)
    p = brute.joint(m)[0].T.ravel()
    start = np.random.default_rng(6).choice(len(p), 30_000, p=p)
    states = (start[:, None] >> np.arange(9) & 1).astype(dtype)
    v, h = np.ascontiguousarray(states[:, :5]), np.ascontiguousarray(states[:, 5:])
    loop(m, v, h, 9, 12)
    assert (np.concatenate([v, h], 1) != states).any(axis=1).mean() > 0.5
    assert _fits(_numbers(v, h), p)


@pytest.mark.parametrize("size", [0.0, 0.5, 50.0])
@pytest.mark.parametrize(("visible", "hidden"), [(1, 1), (3, 4), (4, 3), (5, 17), (17, 5), (64, 1), (1, 65), (129, 63)])
def test_loops_agree_for_odd_sizes_and_any_weights(visible: int, hidden: int, size: float) -> None:
    m = machine("biases", visible, hidden, size=size)
    start, found = m.start(70, seed=4), []
    for loop in (_by_products, _by_rows, _by_tables, _one_by_one):
        v, h = (array.copy() for array in start)
        loop(m, v, h, 6, 5)
        found.append(np.concatenate([v, h], 1))
    for other in found[1:]:
        assert (other == found[0]).all()


@pytest.mark.parametrize("loop", [_by_products, _by_rows, _by_tables, _one_by_one])
def test_saturated_units_follow_their_inputs(loop) -> None:
    """Inputs of +-50: visible unit i is on if hidden unit i is, which then is as the visible one."""
    m = BoltzmannMachine(100.0 * np.eye(6, 9), np.full(6, -50.0), np.full(9, -50.0))
    v, h = m.start(500, seed=1)
    kept = h.copy()
    loop(m, v, h, 20, 2)
    assert (h == kept).all()
    assert (v[:, :6] == kept).all()
    assert (v[:, 6:] == 0).all()


def test_machines_that_are_not_finite_are_refused() -> None:
    m = machine("biases", 4, 3)
    for name, array in m.parameters.items():
        wrong = m.with_parameters({**m.parameters, name: np.full_like(array, np.nan)})
        for call in (
            lambda w=wrong: sample(w, w.start(2, seed=0), steps=1, seed=0),
            lambda w=wrong: held(w, rows(2, 4), seed=0),
        ):
            with pytest.raises(InvalidParameterError, match="finite"):
                call()
    for call in (
        lambda: sample("machine", m.start(1, seed=0), steps=1, seed=0),
        lambda: held(None, rows(2, 4), seed=0),
    ):
        with pytest.raises(InvalidParameterError, match="a BoltzmannMachine"):
            call()
    with pytest.raises(InvalidParameterError, match="two arrays"):
        sample(m, None, steps=1, seed=0)
