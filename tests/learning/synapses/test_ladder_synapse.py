"""Synapses made of ladders: kernel, cost and noise against the ladder's own numbers."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
from numpy.testing import assert_allclose

import thermo_cl as tcl
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.synapses import LadderSynapse

PROTOCOL = tcl.Sawtooth(fast=30.0, slow=270.0)


@pytest.mark.parametrize(
    ("n", "reference", "gamma", "sigma", "area", "moment"),
    [
        (5, 1, 1e-3, 6.6735047491057061, -0.01700653901993909, 0.56579316868162808),
        (8, 2, 0.1, 1.7264134043559683, -0.014481623231351852, 0.72779929813486314),
        (12, 4, 1e-4, 9.207836740712025, -5.2265078698335852e-10, 0.60464302201105987),
    ],
)
def test_published_digits(n: int, reference: int, gamma: float, sigma: float, area: float, moment: float) -> None:
    synapse = LadderSynapse(tcl.Ladder(gamma=gamma, n_levels=n, reference_level=reference), PROTOCOL)
    assert_allclose(synapse.entropy_production_rate, sigma, rtol=1e-12)
    assert_allclose(synapse.entropy_per_cycle, 300.0 * sigma, rtol=1e-12)
    assert_allclose([synapse.area, synapse.scale], [-area / moment, moment], rtol=1e-10)
    assert_allclose([synapse.kernel.area, synapse.kernel.first_moment], [-area / moment, -1.0], rtol=1e-10)
    assert_allclose(synapse.offset(0.3), -area / moment * 0.3 * 30.0, rtol=1e-10)
    assert synapse.contrast == 1


def test_an_occupancy_and_a_rate_at_another_baseline() -> None:
    ladder = tcl.Ladder(gamma=0.05)
    synapse = LadderSynapse(ladder, PROTOCOL, signal=150.0, baseline=100.0)
    p = ladder.steady_state(100.0)
    assert_allclose(synapse.occupancy, p[:5].sum(), rtol=1e-13)
    assert_allclose(synapse.entropy_production_rate, ladder.entropy_production_rate(100.0), rtol=1e-13)
    assert_allclose(synapse.noise(7).variance, p[:5].sum() * p[5:].sum() / 7 / synapse.scale**2, rtol=1e-10)


def test_memory_time_is_the_mean_delay_of_the_step_response() -> None:
    synapse = LadderSynapse(tcl.Ladder(gamma=0.03, n_levels=8, reference_level=2), PROTOCOL)
    t = np.linspace(0.0, 60.0, 400_001)
    missing = synapse.kernel.step_response(t) - synapse.area
    mean = scipy.integrate.simpson(t * missing, x=t) / scipy.integrate.simpson(missing, x=t)
    assert_allclose(synapse.memory_time, mean, rtol=1e-6)
    assert_allclose(synapse.ramp_over_memory, 30.0 / mean, rtol=1e-6)
    late = np.array([30.0, 31.0])
    slope = np.diff(np.log(np.abs(synapse.kernel(late))))[0]
    assert_allclose(synapse.slowest_decay, -1.0 / slope, rtol=1e-3)


def test_the_output_follows_the_slope_of_the_current() -> None:
    synapse = LadderSynapse(tcl.Ladder(gamma=1e-4, n_levels=12, reference_level=4), PROTOCOL)
    u = tcl.periodic_response(synapse.kernel, PROTOCOL.signal(0.6))(np.array([25.0, 200.0]))
    assert_allclose(u, [0.6 / 30.0, -0.6 / 270.0], rtol=1e-5)


def test_too_weak_a_drive_learns_backwards() -> None:
    synapse = LadderSynapse(tcl.Ladder(gamma=0.5), PROTOCOL)
    assert synapse.contrast == -1
    assert_allclose(synapse.kernel.first_moment, 1.0, rtol=1e-12)
    assert synapse.scale > 0


def test_bad_input() -> None:
    ladder = tcl.Ladder(gamma=0.1)
    with pytest.raises(InvalidParameterError, match="ladder"):
        LadderSynapse(tcl.Ladder(gamma=[0.1, 0.2]), PROTOCOL)
    with pytest.raises(InvalidParameterError, match="protocol"):
        LadderSynapse(ladder, tcl.Sawtooth(fast=[1.0, 2.0], slow=9.0))
    with pytest.raises(InvalidParameterError, match="above the baseline"):
        LadderSynapse(ladder, PROTOCOL, signal=10.0, baseline=20.0)
    with pytest.raises(InvalidParameterError, match="baseline"):
        LadderSynapse(ladder, PROTOCOL, baseline=-1.0)
    with pytest.raises(InvalidParameterError, match="copies"):
        LadderSynapse(ladder, PROTOCOL).noise(0)
