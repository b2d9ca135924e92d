import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.feedback.series.example import PROTOCOL, TIME, driven
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.series import SeriesNetwork, cycle_heat, matched_network, simulate


@pytest.mark.parametrize("kind", ["resistor", "elastic"])
def test_heat_of_a_cycle_is_that_of_the_simulated_network(kind):
    network, rows, schedule = driven(kind, cycles=12)
    series = matched_network(network, TIME, rows)
    run = simulate(series, schedule)
    change = run.strains[1] - run.strains[0]
    last = run.dissipated[-1] - run.dissipated[-3]
    assert_allclose(cycle_heat(series, change, PROTOCOL), last, rtol=1e-11)
    stepped = simulate(series, schedule, step=0.02, method="runge-kutta")
    cycle = stepped.times >= 55.0 - 1e-9
    total = stepped.dissipated[-1].sum() - stepped.dissipated[cycle][0].sum()
    assert_allclose(cycle_heat(series, change, PROTOCOL).sum(), total, rtol=1e-5)


def test_heat_is_the_work_done_over_a_cycle():
    # stored energy returns to its value, so that what the clamps and the imposed nodes give is dissipated
    network, rows, schedule = driven("elastic", cycles=10)
    run = simulate(matched_network(network, TIME, rows), schedule, step=0.004)
    cycle = run.times >= 45.0 - 1e-9
    force = run.tensions[cycle] @ network.compatibility.toarray()
    middle = 0.5 * (force[1:] + force[:-1])
    work = np.sum(middle * np.diff(run.positions[cycle], axis=0))
    heat = run.dissipated[-1].sum() - run.dissipated[cycle][0].sum()
    assert_allclose(work, heat, rtol=1e-4)


def test_unlike_edges_have_no_closed_form():
    network, rows, _ = driven("resistor")
    series = SeriesNetwork(network, np.linspace(0.1, 1.0, network.n_edges), rows)
    with pytest.raises(InvalidParameterError, match="simulate"):
        cycle_heat(series, np.ones(network.n_edges), PROTOCOL)
