"""Weight updates of kernels with an instantaneous part, whose sawtooth responses are elementary."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from mpmath import mp
from numpy.testing import assert_allclose

import thermo_cl as tcl
from thermo_cl.kernels import Kernel, high_pass_kernel
from thermo_cl.synapse.integral import thresholded_integral
from thermo_cl.synapse.sensitivity import ramp_time_sensitivities, update_sensitivities, update_tangent

CASES = [(0.1, 1.0, 9.0), (1.5, 1.0, 9.0), (0.02, 0.3, 0.2), (40.0, 1.0, 9.0)]


def high_pass_oracle(time: float, fast: float, slow: float, amplitude: float, threshold: float) -> float:
    """Update of delta(t) - exp(-t/time)/time from u' = s' - u/time, solved ramp by ramp and matched at the corners."""
    with mp.workdps(40):
        tau, rise, fall, height, floor = (mp.mpf(x) for x in (time, fast, slow, amplitude, threshold))
        up, down = tau * height / rise, -tau * height / fall
        # u = up + first exp(-t/tau), then down + second exp(-t/tau); u is continuous because s is
        matrix = mp.matrix([[1, -mp.exp(-fall / tau)], [-mp.exp(-rise / tau), 1]])
        first, second = mp.lu_solve(matrix, mp.matrix([down - up, up - down]))
        total = mp.zero
        for level, part, length in ((up, first, rise), (down, second, fall)):
            cuts = [mp.zero, length]
            for wanted in (floor, -floor):
                ratio = (wanted - level) / part
                if ratio > 0 and 0 < -tau * mp.log(ratio) < length:
                    cuts.append(-tau * mp.log(ratio))
            cuts.sort()
            for a, b in itertools.pairwise(cuts):
                if abs(level + part * mp.exp(-(a + b) / (2 * tau))) >= floor:
                    total += level * (b - a) + part * tau * (mp.exp(-a / tau) - mp.exp(-b / tau))
        return float(total)


@pytest.mark.parametrize(("time", "fast", "slow"), CASES)
def test_high_pass_updates_in_closed_form(time: float, fast: float, slow: float) -> None:
    kernel, protocol = high_pass_kernel(1.0, time), tcl.Sawtooth(fast, slow, mean=3.0)
    peak = float(tcl.periodic_response(kernel, protocol.unit_signal())(fast))
    amplitudes = np.array([0.4, 1.0, 2.5, 30.0])
    for threshold in (0.0, 0.5 * peak, 1.3 * peak, 5.0 * peak):
        exact = [high_pass_oracle(time, fast, slow, a, threshold) for a in amplitudes]
        ours = tcl.weight_update(kernel, protocol, amplitudes, threshold=threshold)
        assert_allclose(ours, exact, rtol=1e-12, atol=1e-12 * peak * 30.0 * (fast + slow))


def test_a_fast_high_pass_learns_the_amplitude() -> None:
    kernel, protocol = high_pass_kernel(1e3, 1e-3), tcl.Sawtooth(1.0, 20.0)
    assert_allclose(tcl.weight_update(kernel, protocol, [5.0, 9.0], threshold=1.0), [5.0, 9.0], rtol=5e-3)
    opening, breakthrough = tcl.amplitude_window(kernel, protocol, threshold=1.0)
    assert_allclose([opening, breakthrough], [1.0, 20.0], rtol=1e-12)


@pytest.mark.parametrize("window", [np.inf, 1.3])
def test_updates_against_a_grid(window: float) -> None:
    kernel = Kernel([0.8, -3.0 + 1.0j], [-0.7, -2.0 + 4.0j], [0, 1], window=window, feedthrough=-1.2)
    regular = Kernel([0.8, -3.0 + 1.0j], [-0.7, -2.0 + 4.0j], [0, 1], window=window)
    protocol, amplitude, threshold = tcl.Sawtooth(0.6, 2.1, mean=0.7), 3.0, 1.1
    time = (np.arange(400_000) + 0.5) / 400_000 * 2.7
    signal = protocol.signal(amplitude)
    u = tcl.periodic_response(regular, signal)(time) - 1.2 * signal(time)
    expected = np.where(np.abs(u) >= threshold, u, 0.0).mean() * 2.7
    assert_allclose(tcl.weight_update(kernel, protocol, amplitude, threshold=threshold), expected, atol=2e-5)
    assert_allclose(thresholded_integral(kernel, signal, threshold=threshold), expected, atol=2e-5)


def test_sensitivities_are_difference_quotients() -> None:
    def update(
        weight: float = 0.3, fast: float = 1.0, slow: float = 4.0, mean: float = 0.5, floor: float = 0.6
    ) -> float:
        kernel = Kernel([-1.0, 0.5], [-1.5, -4.0], feedthrough=weight)
        return float(tcl.weight_update(kernel, tcl.Sawtooth(fast, slow, mean=mean), 2.5, threshold=floor))

    h, kernel, protocol = 1e-5, Kernel([-1.0, 0.5], [-1.5, -4.0], feedthrough=0.3), tcl.Sawtooth(1.0, 4.0, mean=0.5)

    def quotient(**at: float) -> float:
        (name, value), *_ = at.items()
        return (update(**{name: value + h}) - update(**{name: value - h})) / (2 * h)

    tangent = Kernel([0.0], [-1.0], feedthrough=1.0)
    along = update_tangent(kernel, tangent, protocol, 2.5, threshold=0.6)
    assert_allclose(along, quotient(weight=0.3), rtol=1e-6)
    stacked = Kernel([[0.0], [1.0]], [-1.0], feedthrough=[1.0, 0.0])
    assert_allclose(update_tangent(kernel, stacked, protocol, 2.5, threshold=0.6)[0], along, rtol=1e-12)
    by_fast, by_slow = ramp_time_sensitivities(kernel, protocol, 2.5, threshold=0.6)
    assert_allclose([by_fast, by_slow], [quotient(fast=1.0), quotient(slow=4.0)], rtol=1e-6)
    found = update_sensitivities(kernel, protocol, 2.5, threshold=0.6)
    assert_allclose([found.by_mean, found.by_threshold], [quotient(mean=0.5), quotient(floor=0.6)], rtol=1e-6)


def test_windowed_tangents_keep_the_instantaneous_part() -> None:
    protocol, h = tcl.Sawtooth(1.0, 4.0, mean=0.5), 1e-5

    def kernel(weight: float) -> Kernel:
        return Kernel([-1.0], [-1.5], window=0.8, feedthrough=weight)

    tangent = Kernel([0.0], [-100.0], window=0.8, feedthrough=1.0)  # whose window cuts nothing
    high, low = (tcl.weight_update(kernel(0.3 + x), protocol, 2.5, threshold=0.3) for x in (h, -h))
    along = update_tangent(kernel(0.3), tangent, protocol, 2.5, threshold=0.3)
    assert_allclose(along, (high - low) / (2 * h), rtol=1e-6)
