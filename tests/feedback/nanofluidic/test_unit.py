from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.feedback.series.example import driven
from thermo_cl import Sawtooth
from thermo_cl.errors import InvalidParameterError, RampWindowWarning
from thermo_cl.feedback.learning.carrier import Carrier
from thermo_cl.feedback.learning.threshold import threshold_integral
from thermo_cl.feedback.nanofluidic import CapacitorMemristor
from thermo_cl.feedback.series import network_cycle_heat, simulate

PROTOCOL = Sawtooth(1.0, 4.0, mean=0.5)


def test_kernel_is_its_closed_form():
    unit, t = CapacitorMemristor(capacitance=3e-10, conductance=1e-9), np.linspace(0.0, 3.0, 50)
    assert_allclose(unit.kernel(t), -np.exp(-t / 0.3) / 0.3, rtol=1e-12)
    assert_allclose(unit.kernel.step_response(t), np.exp(-t / 0.3), atol=1e-12)
    omega = np.logspace(-3, 3, 30)
    assert_allclose(unit.kernel.frequency_response(omega), 0.3j * omega / (1.0 + 0.3j * omega), rtol=1e-12)
    assert unit.kernel.area == 0.0
    assert_allclose(unit.kernel.first_moment, -0.3, rtol=1e-14)


def test_memristor_feels_the_rate_of_change_and_heats():
    unit = CapacitorMemristor()
    voltage = Sawtooth(1.0, 4.0).signal(0.5)
    felt = unit.memristor_voltage(voltage)
    assert_allclose(felt([0.99, 4.99]), [0.1 * 0.5, -0.1 * 0.125], rtol=1e-3)
    t = (np.arange(2_000_000) + 0.5) * 2.5e-6
    assert_allclose(unit.heat(voltage), 1e-9 * np.mean(felt(t) ** 2) * 5.0, rtol=1e-9)
    # current is what charges the capacitor
    inside = t[1000:400_000:1000]
    slope = (felt(inside + 1e-5) - felt(inside - 1e-5)) / 2e-5
    assert_allclose(unit.capacitance * (0.5 - slope), unit.conductance * felt(inside), rtol=1e-6)


@pytest.mark.parametrize("drive", ["voltage", "power"])
def test_closed_form_of_a_cycle_is_the_simulated_network(drive):
    network, rows, schedule = driven("resistor", cycles=2)
    unit = CapacitorMemristor(threshold=6e-3 if drive == "voltage" else 2e-3, depression=1e-2, drive=drive)
    assert isinstance(unit, Carrier)
    series = unit.series(network, rows)
    still = simulate(series, schedule)
    contrast = SimpleNamespace(free=still.strains[:1], change=still.strains[1:2] - still.strains[:1])
    first, second, bias = unit.weights(contrast, network.coefficients)
    closed = unit.gain * threshold_integral(*unit.shapes(PROTOCOL), first[0], second[0], unit.threshold, bias=bias)
    assert 0 < np.sum(closed != 0.0) < network.n_edges
    run = simulate(series, schedule, step=0.025, plasticity=unit.plasticity(unit.orientation(contrast.free)))
    pores, begin = run.coefficients / unit.conductance, np.searchsorted(run.times, 5.0 - 1e-9)
    assert_allclose(pores[-1] - pores[begin], closed, atol=2e-2 * np.abs(closed).max())
    heat = run.dissipated[-1].sum() - run.dissipated[begin].sum()
    assert_allclose(network_cycle_heat(series, contrast, PROTOCOL), heat, rtol=2e-3)
    assert run.imbalance.max() < 1e-13 * np.abs(run.tensions).max()


def test_ideal_cycles_are_rises_of_voltage_and_of_its_square():
    protocol = Sawtooth(1.0, 1e6, mean=0.5)
    contrast = SimpleNamespace(free=np.array([[0.3, -0.2]]), change=np.array([[0.1, 0.05]]))
    numbers = {"capacitance": 1e-12, "threshold": 1e-6}
    rise = 0.5 * ((contrast.free + contrast.change) ** 2 - contrast.free**2)
    for drive, expected in (("power", rise), ("voltage", 2.0 * np.sign(contrast.free) * contrast.change)):
        unit = CapacitorMemristor(drive=drive, voltage_scale=2.0, **numbers)
        first, second, _ = unit.weights(contrast, np.ones(2))
        passed = threshold_integral(*unit.shapes(protocol), first, second, unit.threshold)
        assert_allclose(unit.gain * passed, -unit.ideal_factor * expected, rtol=0.01)


def test_orientation_is_that_of_the_mean_free_voltage_unless_given():
    free = np.array([[1.0, -0.2, 0.1, 0.0], [-3.0, -0.4, 0.3, 0.0]])
    assert_allclose(CapacitorMemristor().orientation(free), [-1.0, -1.0, 1.0, 1.0])
    given = [1.0, 1.0, -1.0, 1.0]
    assert_allclose(CapacitorMemristor(polarity=given).orientation(free), given)
    with pytest.raises(InvalidParameterError):
        CapacitorMemristor(polarity=[1.0, -1.0]).orientation(free)


@pytest.mark.parametrize(("drive", "unit"), [("voltage", "V"), ("power", "V^2")])
def test_report_states_units_kernel_window_and_heat(drive, unit):
    pair = CapacitorMemristor(drive=drive)
    report = pair.report(Sawtooth(2.0, 40.0), change=0.2)
    assert report.parameters["threshold"] == (1e-4, unit)
    assert report.area == 0.0
    assert_allclose([report.first_moment, report.timescale], [-0.1, 0.1])
    assert report.window.units["output"] == unit
    assert_allclose(report.energy_per_update, pair.heat(Sawtooth(2.0, 40.0).signal(0.2)), rtol=1e-12)


def test_ramps_faster_than_the_relaxation_warn_with_the_window():
    with pytest.warns(RampWindowWarning, match=r"fast ramp = 0.2 s \(window 0.3"):
        CapacitorMemristor().shapes(Sawtooth(0.2, 10.0))


@pytest.mark.parametrize("name", ["capacitance", "conductance", "threshold", "depression", "voltage_scale"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_constants_that_are_not_positive_are_refused(name, value):
    with pytest.raises(InvalidParameterError, match=name):
        CapacitorMemristor(**{name: value})


@pytest.mark.parametrize("arguments", [{"drive": "heat"}, {"polarity": [1.0, 0.0]}, {"polarity": [np.nan]}])
def test_unknown_drives_and_polarities_are_refused(arguments):
    with pytest.raises(InvalidParameterError):
        CapacitorMemristor(**arguments)
