"""Compiled learning gives the numbers of the plain one, phase by phase in Python."""

from __future__ import annotations

import dataclasses

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.boltzmann.machines import KINDS, machine, rows
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann import (
    BoltzmannMachine,
    annealed_log_partition,
    exact_gradient,
    follow_replicas,
    learn_replicas,
    negative_log_likelihood,
    row_entropy,
)
from thermo_cl.learning.data import Dataset, bars_and_stripes
from thermo_cl.learning.phases import (
    SGD,
    Adam,
    BothPhases,
    FixedLength,
    GeometricLength,
    PhaseSchedule,
    RandomPhase,
    always_on,
    begin,
    follow,
    isd,
    learn,
    two_term,
)

SCHEDULES = {
    "two-term": two_term(3),
    "persistent": two_term(3, persistent=True),
    "isd": isd(0.3, 4),
    "always-on": always_on(0.6, 5),
    "always-on geometric": always_on(0.4, 4, geometric=True),
    "both always": PhaseSchedule(BothPhases(), GeometricLength(3.0), "always"),
    "both persistent always": PhaseSchedule(BothPhases(persistent=True), FixedLength(2), "always"),
    "isd geometric": PhaseSchedule(RandomPhase(0.5), GeometricLength(3.0), "end"),
}


def _data(visible: int) -> Dataset:
    return Dataset(rows(20, visible, seed=3), np.zeros(20, int), classes=2, name="bits")


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch", [1, 3])
def test_compiled_and_plain_learning_agree(kind: str, schedule: str, batch: int) -> None:
    m, data, optimizer = machine(kind, 9, 6, size=0.3), _data(9), SGD(0.03)
    plan = SCHEDULES[schedule].plan(120, len(data), 5, batch=batch)
    start = begin(m, SCHEDULES[schedule], plan, optimizer)
    expected, plain = follow(m, SCHEDULES[schedule], plan, data, optimizer, start)
    result = m.follow(SCHEDULES[schedule], plan, data, optimizer, start)
    assert result is not None
    found, compiled = result
    assert np.abs(expected.weights - m.weights).max() > 0.05
    tolerance = 1e-5 if kind == "averaged" else 1e-12  # its means are of single precision
    for name, value in expected.parameters.items():
        assert_allclose(found.parameters[name], value, rtol=tolerance, atol=tolerance)
    assert compiled.moments.count == plain.moments.count
    for one, other in zip(compiled.chains, plain.chains, strict=True):
        assert_array_equal(np.hstack(one), np.hstack(other))


def test_the_learner_takes_the_compiled_loop_where_there_is_one() -> None:
    m, data = machine("biases", 9, 6, size=0.3), _data(9)
    plan = isd(0.5, 2).plan(20, len(data), 0)
    assert m.follow(isd(0.5, 2), plan, data, Adam(0.01), begin(m, isd(0.5, 2), plan, Adam(0.01))) is None
    assert np.isfinite(learn(m, isd(0.5, 2), data, phases=plan, optimizer=Adam(0.01)).model.weights).all()
    learned = learn(m, isd(0.5, 2), data, phases=300, optimizer=SGD(0.01), rng=4)
    plan = isd(0.5, 2).plan(300, len(data), 4)
    whole, _ = follow_replicas(
        [m], isd(0.5, 2), [plan], data, SGD(0.01), [begin(m, isd(0.5, 2), plan, SGD(0.01))]
    )[0]  # fmt: skip
    assert_array_equal(learned.model.weights, whole.weights)


def test_replicas_do_not_depend_on_threads_or_on_each_other() -> None:
    data, schedule = bars_and_stripes(2), always_on(0.5, 3)
    machines = [BoltzmannMachine.random(4, 3, rng=k) for k in range(5)]
    before, found = numba.get_num_threads(), []
    try:
        for threads, count in ((1, 5), (min(2, numba.config.NUMBA_NUM_THREADS), 5), (1, 2)):
            numba.set_num_threads(threads)
            found.append(learn_replicas(machines[:count], schedule, data, phases=400, rate=0.05, rng=7))
    finally:
        numba.set_num_threads(before)
    for other in found[1:]:
        for one, two in zip(found[0].machines, other.machines, strict=False):
            assert_array_equal(one.weights, two.weights)


REFERENCE = {  # PHYSICS.md, section 7: a program of its own, 64 replicas
    "two-term": (two_term(10), 3.126),
    "isd": (isd(0.5, 10), 3.118),
    "always-on": (always_on(0.5, 10), 3.181),
    "always-on geometric": (always_on(0.5, 10, geometric=True), 3.351),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_bars_and_stripes_are_learnt_as_measured_elsewhere(name: str) -> None:
    schedule, reference = REFERENCE[name]
    data, count = bars_and_stripes(3), 12
    learned = learn_replicas(
        [BoltzmannMachine.random(9, 8, rng=k) for k in range(count)], schedule, data, phases=120_000, rate=0.005, rng=1,
        probe=lambda trained: negative_log_likelihood(trained, data.inputs), probe_at=(0, 120_000),
    )  # fmt: skip
    values = learned.metrics["value"]
    assert values.dims == ("replica", "phase")
    assert_allclose(values[:, 0], 9 * np.log(2), atol=1e-3)
    assert (values[:, 1] > row_entropy(data.inputs)).all()
    error = float(values[:, 1].std(ddof=1)) * np.sqrt(1 / count + 1 / 64)
    assert abs(float(values[:, 1].mean()) - reference) < 3.5 * error


def test_a_small_step_of_many_examples_is_down_the_exact_gradient() -> None:
    m, data = machine("averaged", 5, 4, size=0.4), _data(5)
    whole = dataclasses.replace(
        two_term(30).plan(2, len(data), 0, batch=40_000), example=np.tile(np.arange(40_000) % 20, (2, 1))
    )
    state = begin(m, two_term(30), whole, SGD(1.0))
    result = m.follow(two_term(30), whole, data, SGD(1.0), state)
    assert result is not None
    for name, gradient in exact_gradient(m, data.inputs).items():
        moved = m.parameters[name] - result[0].parameters[name]
        assert_allclose(moved, gradient, atol=0.5 * 5 / np.sqrt(40_000))


def test_bad_arguments_are_refused() -> None:
    m, data = machine("plain", 4, 3), bars_and_stripes(2)
    with pytest.raises(InvalidParameterError, match="binarised"):
        learn_replicas([m], isd(0.5, 1), Dataset(rows(3, 4) / 2, [0, 1, 1], classes=2, name="grey"), phases=10)
    with pytest.raises(InvalidParameterError, match=r"\(n, 4\)"):
        learn(m, isd(0.5, 1), bars_and_stripes(3), phases=10)
    with pytest.raises(InvalidParameterError, match="at least one BoltzmannMachine"):
        learn_replicas([], isd(0.5, 1), data, phases=10)
    plan = isd(0.5, 1).plan(2, 4, 0)
    state = begin(m, isd(0.5, 1), plan, Adam(0.1))
    with pytest.raises(InvalidParameterError, match="SGD"):
        follow_replicas([m], isd(0.5, 1), [plan], data, Adam(0.1), [state])
    with pytest.raises(InvalidParameterError, match="one for each machine"):
        learn_replicas([m], isd(0.5, 1), data, phases=10, probe=lambda _: 1.0)
    with pytest.raises(InvalidParameterError, match="as many as machines"):
        follow_replicas([m], isd(0.5, 1), [], data, SGD(0.1), [])


def test_replicas_refuse_what_no_run_could_use() -> None:
    data, good = bars_and_stripes(2), BoltzmannMachine.random(4, 3, rng=0)
    broken = good.with_parameters({**good.parameters, "W": np.full_like(good.weights, np.nan)})
    with pytest.raises(InvalidParameterError, match="finite"):
        learn_replicas([good, broken], isd(0.5, 2), data, phases=10)
    with pytest.raises(InvalidParameterError, match="finite"):
        annealed_log_partition(broken)
    with pytest.raises(InvalidParameterError, match="a BoltzmannMachine"):
        learn_replicas([good, "no machine"], isd(0.5, 2), data, phases=10)  # type: ignore[list-item]
    schedule, optimizer = isd(0.5, 2), SGD(0.1)
    plan = schedule.plan(10, len(data) + 1, 0)
    plan = dataclasses.replace(plan, example=np.full_like(plan.example, len(data)))
    with pytest.raises(InvalidParameterError, match=f"for {len(data)}"):  # the compiled loop would read beyond them
        follow_replicas([good], schedule, [plan], data, optimizer, [begin(good, schedule, plan, optimizer)])
