import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.feedback.series.example import PROTOCOL, TIME, dense, driven, resistors
from tests.oracles.series_ode import follow, saddle_strains
from thermo_cl import Sawtooth
from thermo_cl.errors import InvalidParameterError, StiffnessError
from thermo_cl.feedback.series import Schedule, SeriesNetwork, matched_network, nudging_schedule, simulate

KINDS = ["resistor", "elastic"]


def unlike(network, rows, seed=1):
    """Storage with relaxation times between 0.1 and 0.5."""
    times = np.random.default_rng(seed).uniform(0.1, 0.5, network.n_edges)
    return SeriesNetwork(network, times * network.coefficients, rows)


def instantaneous(network, rows, schedule, times):
    """Strains of the equilibrium with all storing elements relaxed, one saddle-point solve for each time."""
    b, c = dense(network), network.coefficients
    values, _, outputs = schedule.at(times)
    pairs = zip(values, outputs, strict=True)
    return np.array([saddle_strains(b, c, network.imposed, v, np.zeros(len(c)), rows, w) for v, w in pairs])


@pytest.mark.parametrize("method", ["exact", "runge-kutta"])
@pytest.mark.parametrize("kind", KINDS)
def test_matched_nodes_are_in_instantaneous_equilibrium_at_every_time(kind, method):
    network, rows, schedule = driven(kind, cycles=2)
    run = simulate(matched_network(network, TIME, rows), schedule, step=0.05, method=method)
    assert_allclose(run.strains, instantaneous(network, rows, schedule, run.times), atol=1e-13)
    assert_allclose(run.strains, run.positions @ dense(network).T, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_any_history_leaves_matched_nodes_in_equilibrium(kind):
    network, rows, schedule = driven(kind)
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.exponential(0.3, 12))
    values = rng.normal(size=(12, schedule.values.shape[1]))
    outputs = rng.normal(size=(12, schedule.outputs.shape[1]))
    wild = Schedule(times, values, outputs=outputs)
    run = simulate(matched_network(network, TIME, rows), wild, step=0.02, method="runge-kutta")
    assert_allclose(run.strains, instantaneous(network, rows, wild, run.times), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_exact_steps_equal_an_independent_integration_at_any_step(kind):
    network, rows, schedule = driven(kind)
    series = matched_network(network, TIME, rows)
    start = simulate(series, schedule).elongations[0]

    def drive(t):
        values, _, outputs = schedule.at([t])
        return values[0], outputs[0]

    d, _, square = follow(
        dense(network), network.coefficients, series.storage, network.imposed, rows, drive, schedule.times, start
    )
    heat = square / (series.storage if kind == "elastic" else network.coefficients)
    for step in (None, 0.01):
        run = simulate(series, schedule, step=step)
        corner = np.searchsorted(run.times, schedule.times)
        assert_allclose(run.elongations[corner], d, atol=1e-10)
        assert_allclose(run.dissipated[corner], heat, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_runge_kutta_has_fourth_order_on_unlike_edges(kind):
    network, rows, schedule = driven(kind)
    series = unlike(network, rows)
    start = simulate(series, schedule).elongations[0]

    def drive(t):
        values, _, outputs = schedule.at([t])
        return values[0], outputs[0]

    d, _, square = follow(
        dense(network), network.coefficients, series.storage, network.imposed, rows, drive, schedule.times, start
    )
    heat = square[-1] / (series.storage if kind == "elastic" else network.coefficients)
    misses = []
    for step in (0.05, 0.025, 0.0125):
        run = simulate(series, schedule, step=step)
        corner = np.searchsorted(run.times, schedule.times)
        misses.append((np.abs(run.elongations[corner] - d).max(), np.abs(run.dissipated[-1] - heat).max()))
    orders = np.log2(np.array(misses[:-1]) / np.array(misses[1:]))
    assert (orders > 3.6).all()
    assert (orders < 4.6).all()


@pytest.mark.parametrize("matched", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_forces_balance_and_free_charges_stay_to_rounding(kind, matched):
    network, rows, schedule = driven(kind)
    series = matched_network(network, TIME, rows) if matched else unlike(network, rows)
    run = simulate(series, schedule, step=0.05, method="runge-kutta")
    force = run.tensions @ dense(network)
    free = np.ones(network.n_dofs, dtype=bool)
    free[network.imposed] = False
    free[np.abs(rows).sum(axis=0) > 0] = False  # clamps push there
    assert np.abs(force[:, free]).max() < 1e-13
    assert run.imbalance.max() < 1e-13
    charge = run.charges @ dense(network)
    assert np.abs(charge - charge[0])[:, free].max() < 1e-13
    assert np.abs(run.charges - run.charges[0]).max() > 1e-3


def test_slow_signals_are_divided_by_the_storage_and_not_by_the_coefficients():
    network, _ = resistors()
    storage = np.random.default_rng(2).uniform(0.1, 0.4, network.n_edges)
    ramp = Schedule([0.0, 30.0], [[0.0, 0.0], [30.0, 0.0]])
    unit = _without_outputs(Schedule([0.0, 1.0], [[0.0, 0.0], [1.0, 0.0]]))
    by_storage = instantaneous(network.with_coefficients(storage), np.zeros((0, 8)), unit, [1.0])[0]
    for factor in (1.0, np.random.default_rng(5).uniform(0.3, 2.0, network.n_edges)):
        series = SeriesNetwork(network.with_coefficients(network.coefficients * factor), storage)
        run = simulate(series, ramp, step=series.times.min() / 2)
        rate = (run.strains[-1] - run.strains[-2]) / (run.times[-1] - run.times[-2])
        assert_allclose(rate, by_storage, atol=1e-9)
        early = (run.strains[1] - run.strains[0]) / run.times[1]
        assert np.abs(early - by_storage).max() > 0.01


def _without_outputs(schedule):
    return Schedule(schedule.times, schedule.values, outputs=np.zeros((schedule.times.size, 0)))


def test_fast_signals_are_divided_by_the_coefficients():
    network, _ = resistors()
    b = np.random.default_rng(2).uniform(0.5, 2.0, network.n_edges)
    fast = _without_outputs(Schedule([0.0, 1e-5], [[0.0, 0.0], [1.0, 0.0]]))
    run = simulate(SeriesNetwork(network, b), Schedule(fast.times, fast.values), step=1e-6)
    assert_allclose(run.strains[-1], instantaneous(network, np.zeros((0, 8)), fast, [1e-5])[0], atol=1e-4)


def test_held_loads_make_maxwell_units_creep_at_the_elastic_response_over_tau():
    network, rows = driven("elastic")[:2]
    load = np.zeros(24)
    load[12] = 0.01
    held = Schedule([0.0, 3.0], np.zeros((2, 6)), loads=np.tile(load, (2, 1)))
    run = simulate(matched_network(network, TIME), held, step=0.02)
    elastic = saddle_strains(
        dense(network), network.coefficients, network.imposed, np.zeros(6), np.zeros(network.n_edges),
        np.zeros((0, 24)), np.zeros(0), loads=load,
    )  # fmt: skip
    assert_allclose(run.strains[-1] - run.strains[0], elastic * 3.0 / TIME, atol=1e-12)
    assert_allclose(run.felt, np.tile(elastic, (run.times.size, 1)), atol=1e-12)
    assert run.imbalance.max() < 1e-13
    assert rows.shape == (1, 24)


def test_elongations_that_are_out_of_balance_shift_the_nodes_for_ever():
    network, rows, schedule = driven("elastic")
    series = matched_network(network, TIME, rows)
    start = np.random.default_rng(4).normal(size=network.n_edges) * 0.05
    exact = simulate(series, schedule, elongations=start, step=0.02)
    stepped = simulate(series, schedule, elongations=start, step=0.02, method="runge-kutta")
    assert_allclose(exact.strains, stepped.strains, atol=1e-13)
    assert_allclose(exact.felt, stepped.felt, atol=1e-6)
    shift = exact.strains - instantaneous(network, rows, schedule, exact.times)
    assert_allclose(shift, np.tile(shift[0], (exact.times.size, 1)), atol=1e-13)
    assert np.abs(shift).max() > 1e-3


def test_a_step_too_coarse_for_the_fastest_edge_is_refused_by_name():
    network, rows, schedule = driven("resistor")
    series = unlike(network, rows)
    with pytest.raises(StiffnessError, match=f"edge {series.times.argmin()}, whose relaxation time") as caught:
        simulate(series, schedule, step=0.3)
    assert caught.value.fastest == series.times.min()
    assert caught.value.slowest == series.times.max()
    assert simulate(matched_network(network, 1e-6, rows), schedule).times.size == 3  # exact steps have no such limit


@pytest.mark.parametrize(
    "arguments",
    [{"step": 0.0}, {"step": np.nan}, {"method": "euler"}, {"kept": "heat"}, {"elongations": [1.0]},
     {"elongations": np.full(17, np.nan)}],
)  # fmt: skip
def test_bad_arguments_are_refused(arguments):
    network, rows, schedule = driven("resistor")
    with pytest.raises(InvalidParameterError):
        simulate(matched_network(network, TIME, rows), schedule, **arguments)


def test_exact_is_refused_where_it_does_not_hold():
    network, rows, schedule = driven("resistor")
    with pytest.raises(InvalidParameterError, match="runge-kutta"):
        simulate(unlike(network, rows), schedule, method="exact")


def test_networks_and_schedules_that_do_not_fit_are_refused():
    network, rows, schedule = driven("resistor")
    for bad in (-1.0, 0.0, np.nan, [1.0, 2.0]):
        with pytest.raises(InvalidParameterError):
            SeriesNetwork(network, bad)
    with pytest.raises(InvalidParameterError):
        matched_network(network, -1.0)
    with pytest.raises(InvalidParameterError, match="clamped"):
        SeriesNetwork(network, 1.0, rows[:, :5])
    with pytest.raises(InvalidParameterError, match="independent"):
        simulate(matched_network(network, TIME, np.vstack([rows[0], rows[0]])), schedule)
    with pytest.raises(InvalidParameterError, match="one for each clamp"):
        simulate(matched_network(network, TIME), schedule)
    short = Schedule([0.0, 1.0], [[0.0], [1.0]])
    with pytest.raises(InvalidParameterError, match="values"):
        simulate(matched_network(network, TIME), short)
    with pytest.raises(InvalidParameterError, match="loads"):
        simulate(matched_network(network, TIME), Schedule([0.0, 1.0], np.zeros((2, 2)), loads=np.zeros((2, 3))))


@pytest.mark.parametrize("times", [[0.0], [0.0, 0.0], [1.0, 0.0], [0.0, np.nan]])
def test_schedules_run_forward(times):
    with pytest.raises(InvalidParameterError):
        Schedule(times, np.zeros((len(times), 1)))


def test_a_nudging_schedule_is_the_sawtooth_about_the_free_state():
    protocol = Sawtooth(1.0, 4.0, mean=0.5)
    schedule = nudging_schedule(protocol, [1.0], [0.2], [0.1], cycles=3)
    t = np.linspace(0.0, 15.0, 61)
    values, loads, outputs = schedule.at(t)
    assert loads is None
    assert_allclose(values, 1.0)
    assert_allclose(outputs[:, 0], 0.2 + 0.1 * (0.5 + protocol.unit_signal()(t)), atol=1e-14)
    with pytest.raises(InvalidParameterError):
        nudging_schedule(Sawtooth([1.0, 2.0], 4.0), [1.0], [0.2], [0.1])
    assert PROTOCOL.period == 5.0
