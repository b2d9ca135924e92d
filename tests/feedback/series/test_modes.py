import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.feedback.series.example import TIME, dense, driven
from tests.oracles.series_ode import follow
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.series import SeriesNetwork, matched_network, relaxation_modes, simulate


@pytest.mark.parametrize("kind", ["resistor", "elastic"])
def test_modes_are_an_independent_integration(kind):
    network, rows, schedule = driven(kind)
    storage = np.random.default_rng(1).uniform(0.05, 2.0, network.n_edges)
    series = SeriesNetwork(network, storage, rows)
    start = np.random.default_rng(2).normal(size=network.n_edges) * 0.1

    def drive(t):
        values, _, outputs = schedule.at([t])
        return values[0], outputs[0]

    times = np.array([0.0, 0.3, 1.0, 2.5, 5.0])
    d, _, _ = follow(dense(network), network.coefficients, storage, network.imposed, rows, drive, times, start)
    assert_allclose(relaxation_modes(series).elongations(schedule, times, start), d, atol=1e-10)


@pytest.mark.parametrize("kind", ["resistor", "elastic"])
def test_rates_lie_between_those_of_the_edges(kind):
    network, rows, _ = driven(kind)
    storage = np.random.default_rng(1).uniform(0.05, 2.0, network.n_edges)
    modes = relaxation_modes(SeriesNetwork(network, storage, rows))
    moving = modes.rates[modes.rates > 0.0]
    edge = network.coefficients / storage
    assert edge.min() * (1 - 1e-10) <= moving.min()
    assert moving.max() <= edge.max() * (1 + 1e-10)
    silent = network.n_dofs - len(network.imposed) - len(rows)  # elongations that free nodes follow without tension
    assert np.sum(modes.rates == 0.0) == silent


def test_matched_edges_relax_at_one_rate():
    network, rows, schedule = driven("elastic")
    series = matched_network(network, TIME, rows)
    modes = relaxation_modes(series)
    assert_allclose(modes.rates[modes.rates > 0.0], 1.0 / TIME, rtol=1e-10)
    run = simulate(series, schedule, step=0.5)
    assert_allclose(modes.elongations(schedule, run.times, run.elongations[0]), run.elongations, atol=1e-12)


def test_times_outside_of_the_schedule_are_refused():
    network, rows, schedule = driven("elastic")
    modes = relaxation_modes(matched_network(network, TIME, rows))
    for times in ([-0.1], [5.1], [1.0, 0.5], [np.nan]):
        with pytest.raises(InvalidParameterError):
            modes.elongations(schedule, times, np.zeros(network.n_edges))
