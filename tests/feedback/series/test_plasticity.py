from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.feedback.series.example import PROTOCOL, TIME, dense, driven
from tests.oracles.series_ode import follow, saddle_strains
from thermo_cl.errors import DivergenceError, InvalidParameterError, StiffnessError
from thermo_cl.feedback.learning.threshold import threshold_integral
from thermo_cl.feedback.series import Plasticity, SeriesNetwork, matched_network, ramp_shapes, simulate
from thermo_cl.feedback.series.plasticity import passed_over_step


def learning(plasticity):
    """Rate of the coefficients for the oracle, without a threshold."""
    return lambda c, e, z: plasticity.gain * plasticity.output(c, e, z)


@pytest.mark.parametrize("kept", ["charge", "elongation"])
@pytest.mark.parametrize(("kind", "drive"), [("elastic", "work"), ("resistor", "voltage"), ("resistor", "power")])
def test_softening_networks_have_second_order(kind, drive, kept):
    network, rows, schedule = driven(kind)
    series = matched_network(network, TIME, rows)
    plasticity = Plasticity(drive, -3.0, 0.0)
    start = simulate(series, schedule).elongations[0]

    def at(t):
        values, _, outputs = schedule.at([t])
        return values[0], outputs[0]

    d, c, _ = follow(
        dense(network), network.coefficients, series.storage, network.imposed, rows, at, schedule.times, start,
        learn=learning(plasticity), charge=kept == "charge",
    )  # fmt: skip
    assert np.abs(c[-1] - c[0]).max() > 1e-3
    misses = []
    for step in (0.1, 0.05, 0.025):
        run = simulate(series, schedule, step=step, plasticity=plasticity, kept=kept)
        corner = np.searchsorted(run.times, schedule.times)
        misses.append([np.abs(run.coefficients[corner] - c).max(), np.abs(run.elongations[corner] - d).max()])
        assert run.imbalance.max() < 1e-13
    orders = 0.5 * np.log2(np.array(misses[0]) / np.array(misses[2]))
    assert (orders > 1.8).all()


@pytest.mark.parametrize("threshold", [0.0, 0.004])
@pytest.mark.parametrize("kind", ["elastic", "resistor"])
def test_matched_nodes_stay_in_equilibrium_while_the_network_learns(kind, threshold):
    network, rows, schedule = driven(kind, cycles=2)
    run = simulate(
        matched_network(network, TIME, rows), schedule, step=0.05, plasticity=Plasticity("work", -3.0, threshold)
    )
    assert np.abs(run.coefficients[-1] - network.coefficients).max() > 3e-3
    values, _, outputs = schedule.at(run.times)
    for n in range(0, run.times.size, 10):
        instant = saddle_strains(
            dense(network), run.coefficients[n], network.imposed, values[n], np.zeros(network.n_edges), rows, outputs[n]
        )
        assert_allclose(run.strains[n], instant, atol=1e-12)
    assert_allclose(run.storage / run.coefficients, TIME, rtol=1e-12)


def test_strands_that_keep_their_elongation_leave_a_residual_strain():
    network, rows, schedule = driven("elastic", cycles=2)
    shifts = []
    for gain in (-3.0, -1.5):
        run = simulate(
            matched_network(network, TIME, rows), schedule, step=0.05, plasticity=Plasticity("work", gain, 0.004),
            kept="elongation",
        )  # fmt: skip
        values, _, outputs = schedule.at(run.times[-1:])
        instant = saddle_strains(
            dense(network), run.coefficients[-1], network.imposed, values[0], np.zeros(network.n_edges), rows,
            outputs[0],
        )  # fmt: skip
        shifts.append(np.abs(run.strains[-1] - instant).max())
    assert shifts[1] > 1e-5
    assert_allclose(np.log2(np.divide(shifts[:-1], shifts[1:])), 1.0, atol=0.15)  # of first order in the softening


@pytest.mark.parametrize(("kind", "drive"), [("elastic", "work"), ("resistor", "voltage"), ("resistor", "power")])
def test_slow_softening_tends_to_the_closed_form_of_a_cycle(kind, drive):
    network, rows, schedule = driven(kind, cycles=2)
    series = matched_network(network, TIME, rows)
    still = simulate(series, schedule)
    contrast = SimpleNamespace(free=still.strains[0], change=still.strains[1] - still.strains[0])
    polarity = np.where(contrast.free < 0.0, -1.0, 1.0) if drive == "voltage" else 1.0
    weight = network.coefficients if drive == "work" else 1.0
    if drive == "voltage":
        first, second = polarity * contrast.change, np.zeros(network.n_edges)
    else:
        first, second = weight * contrast.free * contrast.change, weight * contrast.change**2
    threshold = 0.3 * TIME / float(PROTOCOL.fast) * np.abs(first).max()
    closed = threshold_integral(*ramp_shapes(TIME, PROTOCOL), first, second, threshold)
    assert 0 < np.sum(closed != 0.0) < network.n_edges  # some edges stay below the threshold
    misses = []
    for gain in (-0.4, -0.1):
        run = simulate(series, schedule, step=0.05, plasticity=Plasticity(drive, gain, threshold, polarity))
        cycle = run.coefficients[-1] - run.coefficients[np.searchsorted(run.times, PROTOCOL.period - 1e-9)]
        misses.append(cycle / gain - closed)
    sizes = [np.abs(miss).max() for miss in misses]
    assert sizes[1] < 0.05 * np.abs(closed).max()
    assert_allclose(0.5 * np.log2(sizes[0] / sizes[1]), 1.0, atol=0.25)  # of first order in the rate of softening
    # what is left at rate 0 is the error of the steps, with crossings located
    rest = [np.abs(_frozen(series, schedule, drive, threshold, polarity, step) - closed).max() for step in (0.1, 0.05)]
    assert rest[1] < 1e-3 * np.abs(closed).max()
    assert rest[0] / rest[1] > 5.0


def _frozen(series, schedule, drive, threshold, polarity, step):
    """Change of a last cycle over the gain, from steps whose coefficients hardly move."""
    plasticity = Plasticity(drive, -1e-6, threshold, polarity)
    run = simulate(series, schedule, step=step, plasticity=plasticity)
    begin = np.searchsorted(run.times, PROTOCOL.period - 1e-9)
    return (run.coefficients[-1] - run.coefficients[begin]) / -1e-6


def test_unmatched_storage_stays_while_coefficients_change():
    network, rows, schedule = driven("resistor")
    series = SeriesNetwork(network, np.linspace(0.2, 0.4, network.n_edges), rows)
    run = simulate(series, schedule, step=0.05, plasticity=Plasticity("power", -1.0, 0.0))
    assert_allclose(run.storage, np.tile(series.storage, (run.times.size, 1)))
    assert np.ptp(run.coefficients, axis=0).max() > 1e-3
    charge = run.charges @ dense(network)
    assert np.abs(charge - charge[0])[:, [2, 3, 4]].max() < 1e-13


def brute_passed(start, middle, end, threshold):
    """Midpoint sum over many points of the parabola."""
    x = (np.arange(400_000) + 0.5) / 400_000
    u = start * (2 * x - 1) * (x - 1) + middle * 4 * x * (1 - x) + end * x * (2 * x - 1)
    return np.mean(np.where(np.abs(u) >= threshold, u, 0.0))


@pytest.mark.parametrize(
    "values", [(0.0, 0.5, 1.0), (1.0, 0.2, -1.0), (-0.5, 1.0, -0.5), (0.3, 0.3, 0.3), (0.1, 0.1, 0.1), (1.0, -1.0, 1.0),
               (0.0, 0.0, 0.0), (0.2, 0.25, 0.2), (-1.0, 0.0, 1.0)],
)  # fmt: skip
@pytest.mark.parametrize("threshold", [0.0, 0.22, 2.0])
def test_parabolas_are_cut_at_the_threshold(values, threshold):
    arrays = [np.array([v]) for v in values]
    assert_allclose(passed_over_step(*arrays, 2.0, threshold), 2.0 * brute_passed(*values, threshold), atol=2e-5)


def test_a_gain_that_uses_an_edge_up_is_refused_when_it_does():
    network, rows, schedule = driven("elastic")
    with pytest.raises(DivergenceError, match="fell to 0 at time"):
        simulate(matched_network(network, TIME, rows), schedule, step=0.05, plasticity=Plasticity("work", -1e4, 0.0))


def test_a_network_that_outruns_its_step_is_refused():
    network, rows, schedule = driven("resistor")
    series = SeriesNetwork(network, 0.2 * network.coefficients, rows)
    with pytest.raises(StiffnessError, match="relaxation time"):
        simulate(series, schedule, step=0.19, plasticity=Plasticity("power", 3e2, 0.0), matched=False)


@pytest.mark.parametrize(
    "arguments",
    [("heat", 1.0, 0.1), ("work", np.nan, 0.1), ("work", 1.0, -0.1), ("voltage", 1.0, 0.1, [1.0, 0.5]),
     ("work", [1.0, 2.0], 0.1)],
)  # fmt: skip
def test_bad_plasticity_is_refused(arguments):
    with pytest.raises(InvalidParameterError):
        Plasticity(*arguments)
