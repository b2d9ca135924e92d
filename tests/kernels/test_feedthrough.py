"""The instantaneous part of a kernel: in every value, response and update, or refused."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
import scipy.signal
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.kernels.test_kernel import TIMES, size
from tests.kernels.test_response import SIGNAL
from tests.strategies import kernels
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel, high_pass_kernel
from thermo_cl.learning.rules.current_map import CurrentMap
from thermo_cl.learning.rules.cycle import ClampingCycle
from thermo_cl.markov import normalized_tangent
from thermo_cl.symbolic import KernelFamily

WEIGHTS = st.floats(-3.0, 3.0)


def with_instant(kernel: Kernel, weight: float) -> Kernel:
    return Kernel(kernel.coefficients, kernel.rates, kernel.powers, kernel.window, feedthrough=weight)


@given(kernels(), WEIGHTS)
def test_values_and_moments(regular: Kernel, weight: float) -> None:
    kernel = with_instant(regular, weight)
    assert_allclose(kernel(TIMES), regular(TIMES), rtol=0)
    assert_allclose(kernel.area, regular.area + weight, rtol=1e-15, atol=1e-15)
    assert [float(kernel.moment(n)) for n in (1, 2, 3)] == [float(regular.moment(n)) for n in (1, 2, 3)]
    assert_allclose(kernel.step_response(TIMES), regular.step_response(TIMES) + weight * (TIMES >= 0), atol=1e-15)
    omega = np.array([0.0, 0.7, 30.0])
    assert_allclose(kernel.frequency_response(omega), regular.frequency_response(omega) + weight, atol=1e-15)
    assert_allclose(kernel.frequency_response(0.0), kernel.area, atol=1e-12 * size(regular))


@given(kernels(), WEIGHTS, st.floats(0.1, 9.0))
def test_transformations(regular: Kernel, weight: float, factor: float) -> None:
    kernel = with_instant(regular, weight)
    assert_allclose(kernel.scaled(-factor).step_response(TIMES), -factor * kernel.step_response(TIMES), atol=1e-12)
    # a step in relabelled time is the old one at the old time, and the ordinate K(units t) makes it smaller by units
    relabelled = kernel.rescaled(factor)
    expected = kernel.step_response(factor * TIMES) / factor
    assert_allclose(relabelled.step_response(TIMES), expected, rtol=1e-9, atol=1e-11 * size(regular) / factor)
    assert_allclose(relabelled.area, kernel.area / factor, rtol=1e-9, atol=1e-11 * size(regular) / factor)
    cut = kernel.windowed(factor)
    assert cut.feedthrough == kernel.feedthrough
    assert_allclose(cut.area, kernel.step_response(factor), rtol=1e-9, atol=1e-11 * size(regular))


@given(kernels(), WEIGHTS)
def test_periodic_response_passes_the_signal_on(regular: Kernel, weight: float) -> None:
    times = np.array([0.0, 0.3, 1.0, 2.2, 4.0, 9.0])
    response = tcl.periodic_response(with_instant(regular, weight), SIGNAL)(times)
    expected = tcl.periodic_response(regular, SIGNAL)(times) + weight * SIGNAL(times)
    assert_allclose(response, expected, atol=1e-10 * (size(regular) + 1.0))


def test_a_kernel_may_be_instantaneous_alone() -> None:
    kernel = Kernel([], [], feedthrough=2.0)
    assert (kernel.area, kernel.first_moment) == (2.0, 0.0)
    assert kernel([0.0, 1.0]).tolist() == [0.0, 0.0]
    assert kernel.frequency_response([0.0, 1.0]).tolist() == [2.0, 2.0]
    assert_allclose(kernel.step_response([-1.0, 0.0, 3.0]), [0.0, 2.0, 2.0], rtol=1e-15)
    assert_allclose(tcl.periodic_response(kernel, SIGNAL)(TIMES), 2.0 * SIGNAL(TIMES), rtol=1e-13)


def test_batches_are_loops() -> None:
    weights = np.array([0.0, -1.0, 2.5])
    batch = Kernel([1.0, 2.0], [-1.0, -3.0], feedthrough=weights)
    assert batch.batch_shape == (3,)
    assert batch.first_moment.shape == (3,)
    for i, weight in enumerate(weights):
        one = Kernel([1.0, 2.0], [-1.0, -3.0], feedthrough=weight)
        for method in ("__call__", "step_response", "frequency_response"):
            assert_allclose(getattr(batch, method)(TIMES)[i], getattr(one, method)(TIMES), rtol=1e-15)
        assert batch.area[i] == one.area
        expected = tcl.periodic_response(one, SIGNAL)(TIMES)
        assert_allclose(tcl.periodic_response(batch, SIGNAL)(TIMES)[i], expected, rtol=1e-14)


def test_state_space_and_frequency_response_agree_with_scipy() -> None:
    kernel = high_pass_kernel(2.0, 0.7)
    omega = np.array([0.1, 1.0, 20.0])
    _, response = scipy.signal.freqresp(kernel.to_state_space(), w=omega)
    assert_allclose(kernel.frequency_response(omega), response, rtol=1e-12)
    assert_allclose(response, 2.0 * 0.7j * omega / (1.0 + 0.7j * omega), rtol=1e-12)


def test_high_pass_obeys_its_equation() -> None:
    gain, time, t = 1.7, 0.4, np.linspace(0.0, 3.0, 13)
    kernel = high_pass_kernel(gain, time)
    solution = scipy.integrate.solve_ivp(
        lambda _, y: -y / time, (0.0, 3.0), [gain], t_eval=t, rtol=1e-12, atol=1e-14, method="DOP853"
    )
    assert_allclose(kernel.step_response(t), solution.y[0], atol=1e-11)
    assert (kernel.area, kernel.first_moment) == (0.0, -gain * time)
    bare = Kernel(kernel.coefficients, kernel.rates, feedthrough=gain)
    assert_allclose([bare.area, bare.first_moment], [0.0, -gain * time], atol=1e-15)
    assert_allclose(kernel.normalized().feedthrough, -1.0 / time, rtol=1e-15)
    assert high_pass_kernel(np.ones((3, 1)), [0.1, 2.0]).batch_shape == (3, 2)


def test_representation_names_it() -> None:
    assert repr(high_pass_kernel(1.0, 1.0)) == "Kernel(1 term, area 0, first moment -1, instantaneous part)"
    assert "instantaneous" not in repr(tcl.chemotaxis_kernel())


def test_the_derivative_of_a_normalised_kernel() -> None:
    def kernel(x: float) -> Kernel:
        return Kernel([-1.0 - x, 0.4], [-1.5, -3.0], feedthrough=1.0 + x**2, window=2.0)

    h = 1e-6
    slope = normalized_tangent(kernel(0.5), Kernel([-1.0, 0.0], [-1.5, -3.0], feedthrough=1.0, window=2.0))
    high, low = kernel(0.5 + h).normalized(), kernel(0.5 - h).normalized()
    assert_allclose(slope.feedthrough, (high.feedthrough - low.feedthrough) / (2 * h), rtol=1e-8)
    assert_allclose(slope.area, (high.area - low.area) / (2 * h), rtol=1e-8)


def test_sampled_and_symbolic_kernels_refuse_it() -> None:
    cycle = ClampingCycle.sawtooth(tcl.Sawtooth(0.1, 0.9), stages=4)
    kernel = high_pass_kernel(1.0, 0.02)
    with pytest.raises(InvalidParameterError, match=r"feedthrough.*exact"):
        CurrentMap.sampled(kernel, cycle)
    # in closed form it is there: beside the same map of the regular part stands the signal itself
    regular = Kernel(kernel.coefficients, kernel.rates)
    whole, part = (CurrentMap.exact(each, cycle, 50) for each in (kernel, regular))
    assert_allclose((whole.matrix - part.matrix).sum(axis=1), 1.0, rtol=1e-12)
    t, tau = sp.Symbol("t", real=True), sp.Symbol("tau", positive=True)
    with pytest.raises(InvalidParameterError, match=r"delta functions.*feedthrough"):
        KernelFamily(sp.DiracDelta(t) - sp.exp(-t / tau) / tau, t, tau)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: Kernel([1.0], [-1.0], feedthrough=np.inf), "feedthrough"),
        (lambda: Kernel([1.0], [-1.0], feedthrough="a"), "feedthrough"),
        (lambda: Kernel([[1.0], [2.0]], [-1.0], feedthrough=[1.0, 2.0, 3.0]), "shapes"),
        (lambda: high_pass_kernel(0.0, 1.0), "gain"),
        (lambda: high_pass_kernel(1.0, 0.0), "time"),
        (lambda: high_pass_kernel(np.nan, 1.0), "gain"),
    ],
)
def test_bad_input_is_refused(call: object, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=name):
        call()
