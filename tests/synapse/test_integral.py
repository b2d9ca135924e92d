"""Exact thresholded integrals of any piecewise-linear signal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.strategies import kernels, protocols
from thermo_cl.errors import InvalidParameterError
from thermo_cl.synapse import thresholded_integral

SIGNAL = tcl.PeriodicSignal([0.0, 1.0, 4.0, 4.5, 10.0], [0.3, 2.0, -1.0, 1.0, 0.3])


@given(kernels(), protocols(), st.floats(0.1, 60.0), st.floats(0.0, 30.0))
def test_a_sawtooth_is_a_weight_update(
    kernel: tcl.Kernel, protocol: tcl.Sawtooth, amplitude: float, threshold: float
) -> None:
    ours = thresholded_integral(kernel, protocol.signal(amplitude), threshold=threshold)
    expected = tcl.weight_update(kernel, protocol, amplitude, threshold=threshold)
    size = (threshold + amplitude * float(np.sum(np.abs(kernel.coefficients)))) * protocol.period
    assert_allclose(ours, expected, rtol=1e-9, atol=1e-9 * size)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 1.0, 100.0])
@pytest.mark.parametrize("kernel", [tcl.chemotaxis_kernel(0.2), tcl.sine_kernel(0.7), tcl.sine_kernel(23.0)])
def test_any_signal_against_a_fine_sum(kernel: tcl.Kernel, threshold: float) -> None:
    fine = (np.arange(1_000_000) + 0.5) * 1e-5
    u = tcl.periodic_response(kernel, SIGNAL)(fine)
    expected = u[np.abs(u) >= threshold].sum() * 1e-5
    ours = thresholded_integral(kernel, SIGNAL, threshold=threshold)
    assert_allclose(ours, expected, atol=2e-5 * (threshold + 1e-3))  # half a cell at each crossing


def test_batches_of_kernels_signals_and_thresholds_broadcast() -> None:
    kernel = tcl.chemotaxis_kernel(np.array([0.0, 0.1]))
    values = np.random.default_rng(0).normal(size=(3, 1, 4))
    signal = tcl.PeriodicSignal([0.0, 1.0, 2.5, 3.0, 4.0], np.concatenate([values, values[..., :1]], axis=-1))
    found = thresholded_integral(kernel, signal, threshold=np.array([0.1, 0.4]))
    assert found.shape == (3, 2)
    for i in range(3):
        for j in range(2):
            one = tcl.PeriodicSignal(signal.times, signal.values[i, 0])
            alone = thresholded_integral(tcl.chemotaxis_kernel(0.1 * j), one, threshold=[0.1, 0.4][j])
            assert_allclose(found[i, j], alone, rtol=1e-12)


def test_a_constant_signal_is_area_times_time_or_nothing() -> None:
    flat = tcl.PeriodicSignal([0.0, 4.0], [3.0, 3.0])
    assert_allclose(thresholded_integral(tcl.chemotaxis_kernel(0.2), flat, threshold=0.5), 0.2 * 3.0 * 4.0)
    assert thresholded_integral(tcl.chemotaxis_kernel(0.2), flat, threshold=0.7) == 0.0


@pytest.mark.parametrize(("threshold", "name"), [(-1.0, "threshold"), (np.nan, "threshold"), (np.ones(3), "shapes")])
def test_bad_thresholds_are_named(threshold: float, name: str) -> None:
    kernel = tcl.chemotaxis_kernel(np.zeros(2))
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        thresholded_integral(kernel, SIGNAL, threshold=threshold)
