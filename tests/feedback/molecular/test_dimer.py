"""The molecular synapse: rest, kernel, adaptation, and its response to sawtooths."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from thermo_cl.errors import InvalidParameterError, StiffnessError
from thermo_cl.feedback.linear import adaptation_test
from thermo_cl.feedback.molecular import DimerSynapse, dimer_response, follow_monomers
from thermo_cl.feedback.nonlinear.small_signal import small_signal_kernel
from thermo_cl.feedback.reactions import integrate, steady_concentrations
from thermo_cl.kernels import PeriodicSignal
from thermo_cl.synapse import Sawtooth

IDEAL = DimerSynapse(removal_constant=0.0)
ODD = DimerSynapse(
    association=2.3, dissociation=0.7, activation=1.7, deactivation=0.2, activator=1.4, production=0.31,
    degradation=0.8, removal_speed=0.09, removal_constant=0.03, leak=0.004, partner=0.6, mean_signal=1.3,
)  # fmt: skip


@pytest.mark.parametrize("synapse", [IDEAL, DimerSynapse(), ODD, replace(ODD, removal_constant=0.0)])
def test_rest_is_steady_and_is_reached(synapse):
    network = synapse.network()
    rest = synapse.start()
    assert_allclose(network.drift(rest), 0.0, atol=1e-14)
    assert {law.name for law in network.conservation_laws} == {"R + D*"}
    away = {"A": synapse.rest["A"], "B": synapse.partner, "R": synapse.activator, "X": 0.5}
    assert_allclose(steady_concentrations(network, away), rest, rtol=1e-9)


def test_set_point_is_kept_at_every_signal_by_the_integrator_alone():
    signals = [0.1, 0.5, 1.0, 3.0, 30.0]
    kept = [IDEAL.steady(s)["D*"] for s in signals]
    assert_allclose(kept, IDEAL.removal_speed / IDEAL.production, rtol=1e-14)
    moved = [DimerSynapse().steady(s)["D*"] for s in signals]
    assert (np.diff(moved) > 1e-4).all()
    assert np.diff([IDEAL.steady(s)["X"] for s in signals]).min() > 0.1


@pytest.mark.parametrize("synapse", [IDEAL, DimerSynapse(), ODD])
def test_kernel_is_its_closed_form(synapse):
    """Transfer function, area and first moment written out, and the kernel through a matrix exponential in mpmath."""
    r = synapse.rest
    feed, leak = synapse.activation * r["R"], synapse.total_leak
    alpha, beta = synapse.dissociation + feed, synapse.deactivation + synapse.activation * r["D"]
    drain, pull = synapse.degradation * r["X"], synapse.degradation * r["D*"]
    push = synapse.production
    stiffness = leak * (beta * synapse.dissociation + alpha * drain) + alpha * pull * push
    area = synapse.association * feed * leak / stiffness
    assert_allclose(synapse.kernel.area, area, rtol=1e-12)
    slope = leak * (alpha + beta + drain) + alpha * (beta + drain) - beta * feed + pull * push
    moment = synapse.association * feed * (leak * slope / stiffness**2 - 1.0 / stiffness)
    assert_allclose(synapse.kernel.first_moment, moment, rtol=1e-12)
    with mpmath.workdps(40):
        matrix = mpmath.matrix([[-alpha, beta, 0], [feed, -(beta + drain), -pull], [0, push, -leak]])
        exact = [float((mpmath.expm(matrix * t) * mpmath.matrix([synapse.association, 0, 0]))[1]) for t in (0.2, 2, 40)]
    assert_allclose(synapse.kernel([0.2, 2.0, 40.0]), exact, rtol=1e-11)


@pytest.mark.parametrize("synapse", [IDEAL, ODD])
def test_linearised_equations_are_the_controller(synapse):
    """By the general machinery for equations of motion, which finds rest and derivatives for itself."""
    kernel = small_signal_kernel(synapse.equations(), synapse.mean_signal)
    times = np.array([0.1, 1.0, 30.0])
    assert_allclose(kernel(times), synapse.kernel(times), rtol=1e-8)
    assert_allclose([kernel.area, kernel.first_moment], [synapse.kernel.area, synapse.kernel.first_moment], rtol=1e-8)


def test_perfect_adaptation_needs_the_integrator():
    assert float(IDEAL.kernel.area) == 0.0
    found = adaptation_test(IDEAL.controller)
    assert found.adapts and found.order == 1
    assert_allclose(found.integrator, [0.0, 0.0, 1.0])
    assert_allclose(found.rate, IDEAL.production)
    assert not adaptation_test(DimerSynapse().controller).adapts


@pytest.mark.parametrize("field", ["removal_constant", "leak"])
def test_area_is_proportional_to_the_leak(field):
    """First order in the leak: area/total leak tends to |first moment| of the integrator, error halved with it."""
    ideal = -float(IDEAL.kernel.first_moment)
    off = []
    for small in (4e-4, 2e-4, 1e-4):
        synapse = replace(IDEAL, **{field: small})
        off.append(float(synapse.kernel.area) / synapse.total_leak / ideal - 1.0)
    assert abs(off[-1]) < 0.01
    assert_allclose(np.array(off[:-1]) / off[1:], 2.0, rtol=0.02)


def test_area_is_the_slope_of_the_rest():
    h = 1e-4
    slope = (ODD.steady(1.3 + h)["D*"] - ODD.steady(1.3 - h)["D*"]) / (2 * h)
    assert_allclose(ODD.kernel.area, slope, rtol=1e-7)


def test_small_step_follows_the_kernel_with_second_order():
    """Full equations after a step of A against the kernel's step response: halving the step quarters the error."""
    times = np.linspace(0.0, 120.0, 61)
    synapse = DimerSynapse()
    error = []
    for step in (0.04, 0.02, 0.01):
        start = synapse.start()
        start[0] += step / synapse.partner
        course = integrate(synapse.network(), start, times, rtol=1e-11, atol=1e-13)
        linear = step * synapse.kernel.step_response(times)
        error.append(np.abs(course["D*"] - synapse.rest["D*"] - linear).max() / step)
    assert_allclose(np.array(error[:-1]) / error[1:], 2.0, rtol=0.03)


@pytest.mark.parametrize("synapse", [IDEAL, DimerSynapse()])
def test_sawtooth_response_tends_to_the_linear_one(synapse):
    protocol = Sawtooth(fast=100.0, slow=800.0)
    error = []
    for amplitude in (0.1, 0.05, 0.025):
        response = dimer_response(synapse, protocol, amplitude)
        error.append(np.abs(response.output - response.predicted).max())
        assert_allclose(response.signal[0], synapse.mean_signal - amplitude / 2)
        assert_allclose(response.course["R"] + response.course["D*"], synapse.activator, rtol=1e-12)
    assert_allclose(np.log2(np.array(error[:-1]) / error[1:]), 2.0, atol=0.03)
    assert error[-1] < 0.02 * np.abs(response.predicted).max()


def test_output_on_ramps_is_the_derivative():
    """Late on each ramp u = -first moment * ds/dt, from the closed form at small amplitude."""
    protocol, amplitude = Sawtooth(fast=600.0, slow=3000.0), 0.01
    response = dimer_response(IDEAL, protocol, amplitude)
    moment = float(IDEAL.kernel.first_moment)
    assert_allclose(np.interp(599.0, response.times, response.output), -moment * amplitude / 600.0, rtol=0.02)
    assert_allclose(np.interp(3599.0, response.times, response.output), moment * amplitude / 3000.0, rtol=0.02)


def test_output_needs_both_monomers():
    """Hebbian: a monomer's rise gives an output in proportion to the other; rises that cancel in A B give none."""
    synapse, times = replace(IDEAL, mean_signal=1.0), np.linspace(0.0, 200.0, 101)
    small = 0.02

    def output(first, second):
        return follow_monomers(synapse, times, first, second, rtol=1e-11)["D*"] - synapse.rest["D*"]

    def rise(t):
        return 1.0 + small * t / 200.0

    def rest(t):
        del t
        return 1.0

    alone, both = output(rise, rest)[-1], output(rise, rise)[-1]
    against = output(rise, lambda t: 1.0 / rise(t))[-1]
    assert_allclose(alone, -float(IDEAL.kernel.first_moment) * small / 200.0, rtol=0.03)
    assert_allclose(both, 2 * alone, rtol=0.03)
    assert abs(against) < 1e-6 * alone
    absent = follow_monomers(DimerSynapse(), np.array([0.0, 2000.0]), rise, lambda t: 0.0 * t)
    assert absent["D*"][-1] < 1e-9  # without B nothing is made, whatever A does


def test_linkers_count_the_active_dimers():
    times = np.linspace(0.0, 50.0, 2001)
    saw = PeriodicSignal([0.0, 20.0, 50.0], [0.9, 1.1, 0.9])
    course = follow_monomers(DimerSynapse(), times, saw, lambda t: 1.0, linkers=True)
    made = DimerSynapse().linker_rate * np.trapezoid(course["D*"], times)
    assert_allclose(course["L"][-1], made, rtol=1e-6)


def test_exhausted_degrader_is_a_named_error():
    """Far below the least signal a removal of zero order has nothing left to remove."""
    assert 0 < IDEAL.least_signal < 0.1
    with pytest.raises(StiffnessError, match="X, of zero order"):
        follow_monomers(IDEAL, np.array([0.0, 5000.0]), lambda t: 1e-4, lambda t: 1.0)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"association": -1.0}, "association"),
        ({"leak": -0.1}, "leak"),
        ({"degradation": float("nan")}, "degradation"),
        ({"production": 0.0}, "production"),
        ({"removal_speed": 0.3, "removal_constant": 0.0}, "production \\* activator"),
        ({"mean_signal": 0.01, "removal_constant": 0.0}, "above 0.0428"),
        ({"threshold": [1.0, 2.0]}, "threshold"),
    ],
)
def test_bad_parameters_are_refused(changes, word):
    with pytest.raises(InvalidParameterError, match=word):
        DimerSynapse(**changes)


def test_bad_protocols_are_refused():
    with pytest.raises(InvalidParameterError, match="stays above"):
        dimer_response(IDEAL, Sawtooth(100.0, 800.0), 1.95)
    with pytest.raises(InvalidParameterError, match="single protocol"):
        dimer_response(IDEAL, Sawtooth([100.0, 50.0], 800.0), 0.1)
    with pytest.raises(InvalidParameterError, match="amplitude"):
        dimer_response(IDEAL, Sawtooth(100.0, 800.0), -0.1)
    with pytest.raises(InvalidParameterError, match="signal"):
        IDEAL.steady(0.01)


def test_absent_signal():
    gone = DimerSynapse().steady(0.0)
    assert gone["D*"] == 0.0 and gone["R"] == 1.0
