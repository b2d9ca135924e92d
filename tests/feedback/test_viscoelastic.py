from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from tests.feedback.series.example import driven
from thermo_cl import Sawtooth
from thermo_cl.errors import InvalidParameterError, RampWindowWarning
from thermo_cl.feedback.learning.carrier import Carrier
from thermo_cl.feedback.learning.threshold import threshold_integral
from thermo_cl.feedback.linear import high_pass
from thermo_cl.feedback.series import network_cycle_heat, simulate
from thermo_cl.feedback.viscoelastic import MaxwellUnit

UNIT = MaxwellUnit(stiffness=80.0, viscosity=16.0)


def test_kernel_is_its_closed_form():
    t = np.linspace(0.0, 3.0, 50)
    kernel = UNIT.kernel
    assert_allclose(kernel(t), -80.0 / 0.2 * np.exp(-t / 0.2), rtol=1e-12)
    assert_allclose(kernel.step_response(t), 80.0 * np.exp(-t / 0.2), atol=80e-12)
    omega = np.logspace(-3, 3, 30)
    assert_allclose(kernel.frequency_response(omega), 80.0 * 0.2j * omega / (1.0 + 0.2j * omega), rtol=1e-12)
    assert kernel.area == 0.0
    assert_allclose(kernel.first_moment, -16.0, rtol=1e-15)
    assert UNIT.timescale == 0.2
    state_space = high_pass(80.0, 0.2).kernel()
    assert_allclose(kernel(t), state_space(t), rtol=1e-12)


def test_stress_is_the_integrated_equation():
    strain = Sawtooth(1.0, 4.0).signal(1e-3)
    seen = UNIT.stress(strain)

    def rate(t, y):
        slope = 1e-3 if t % 5.0 < 1.0 else -0.25e-3
        return [80.0 * slope - y[0] / 0.2, y[0] ** 2 / 16.0]

    state = [0.0, 0.0]
    for begin, end in [(0.0, 1.0), (1.0, 5.0), (5.0, 6.0), (6.0, 10.0), (10.0, 11.0), (11.0, 15.0)]:
        before = state[1]
        state = solve_ivp(
            lambda t, y, b=begin: rate(b + 0.5, y), (begin, end), state, rtol=1e-12, atol=1e-18, method="DOP853"
        ).y[:, -1]
        if end == 11.0:
            top = state[1] - before
    assert_allclose(seen(15.0), state[0], rtol=1e-9)
    assert_allclose(UNIT.heat(strain), state[1] - before + top, rtol=1e-9)


def test_loss_falls_with_slower_ramps():
    fast = np.array([1.0, 10.0, 100.0, 1000.0])
    loss = UNIT.loss_fraction(Sawtooth(fast, 10.0 * fast))
    assert (np.diff(loss) < 0.0).all()
    assert_allclose(loss[-1], 2.0 * 0.2 * 1.1 / 1000.0, rtol=1e-3)


def test_closed_form_of_a_cycle_is_the_simulated_unit():
    protocol = Sawtooth(1.0, 4.0, mean=0.5)
    network, rows, schedule = driven("elastic", cycles=2, protocol=protocol)
    unit = MaxwellUnit(threshold=1e-7, softening=0.1)
    assert isinstance(unit, Carrier)
    series = unit.series(network, rows)
    still = simulate(series, schedule)
    contrast = SimpleNamespace(free=still.strains[:1], change=still.strains[1:2] - still.strains[:1])
    first, second, bias = unit.weights(contrast, network.coefficients)
    closed = unit.gain * threshold_integral(*unit.shapes(protocol), first[0], second[0], unit.threshold, bias=bias)
    assert 0 < np.sum(closed != 0.0) < network.n_edges
    run = simulate(series, schedule, step=0.02, plasticity=unit.plasticity())
    strands = run.coefficients / (unit.stiffness * unit.length**2)
    cycle = strands[-1] - strands[np.searchsorted(run.times, 5.0 - 1e-9)]
    assert_allclose(cycle, closed, atol=2e-3 * np.abs(closed).max())
    heat = run.dissipated[-1].sum() - run.dissipated[np.searchsorted(run.times, 5.0 - 1e-9)].sum()
    assert_allclose(network_cycle_heat(series, contrast, protocol), heat, rtol=1e-3)


def test_ideal_cycle_is_the_rise_of_strain_energy():
    unit, protocol = MaxwellUnit(viscosity=0.1, threshold=1e-14), Sawtooth(1.0, 1e6, mean=0.5)
    contrast = SimpleNamespace(free=np.array([[0.3, -0.2]]), change=np.array([[0.1, 0.05]]))
    strands = np.array([2.0, 1.0])
    first, second, _ = unit.weights(contrast, strands)
    passed = threshold_integral(*unit.shapes(protocol), first, second, unit.threshold)
    rise = 0.5 * ((contrast.free + contrast.change) ** 2 - contrast.free**2)
    assert_allclose(unit.gain * passed, -unit.ideal_factor * strands * rise, rtol=0.01)


def test_report_states_units_kernel_window_and_heat():
    report = UNIT.report(Sawtooth(2.0, 40.0), amplitudes=[1e-7, 1e-6], change=1e-3)
    assert report.parameters["viscosity"] == (16.0, "N s/m")
    assert report.area == 0.0
    assert_allclose([report.first_moment, report.timescale], [-0.2, 0.2])
    assert report.window.units["signal"] == "J"
    assert_allclose(report.window.fast.low, 0.6)
    assert_allclose(report.energy_per_update, UNIT.heat(Sawtooth(2.0, 40.0).signal(1e-3)), rtol=1e-12)
    assert "0.001 m" in report.energy_note


def test_ramps_faster_than_the_relaxation_warn_with_the_window():
    with pytest.warns(RampWindowWarning, match=r"fast ramp = 0.3 s \(window 0.6"):
        UNIT.shapes(Sawtooth(0.3, 10.0))


@pytest.mark.parametrize("name", ["stiffness", "viscosity", "threshold", "softening", "length"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_constants_that_are_not_positive_are_refused(name, value):
    with pytest.raises(InvalidParameterError, match=name):
        MaxwellUnit(**{name: value})
