"""Rules: what physics changes, against one synapse, the two-state rule and the loop over edges."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.oracles.thresholded_slow import thresholded
from thermo_cl import Kernel, Sawtooth, chemotaxis_kernel, weight_update
from thermo_cl.errors import InvalidParameterError, NormalizationError
from thermo_cl.feedback.learning.carrier import Carrier, KernelCarrier
from thermo_cl.feedback.learning.rules import PhysicalRule, TwoState
from thermo_cl.kernels import high_pass_kernel, integral_feedback_kernel, sine_kernel

KERNELS = {
    "chemotaxis": chemotaxis_kernel(decay_rate=20.0),
    "integral feedback": integral_feedback_kernel(40.0, 300.0),
    "high pass": high_pass_kernel(2.0, 0.05),
}


def contrast_of(free, change, amplitude=0.2):
    free, change = np.asarray(free, dtype=float), np.asarray(change, dtype=float)
    return SimpleNamespace(free=free, change=change, amplitude=amplitude)  # all that rules look at


def strains(edges=60, patterns=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(patterns, edges)), 0.2 * rng.normal(size=(patterns, edges))


@pytest.mark.parametrize("name", KERNELS)
def test_a_nudge_whose_square_is_nothing_gives_one_synapse(name):
    """A change of strain that is tiny beside the strain makes a signal linear in a: the one that synapses know."""
    kernel, protocol = KERNELS[name], Sawtooth(fast=1.0, slow=20.0, mean=0.0)
    carrier = KernelCarrier(kernel, threshold=0.1 * abs(float(kernel.first_moment)))
    free, change = strains(patterns=1)
    free, change = 1e9 * free, 1e-9 * change  # products of order one, squares of 1e-18
    rule = PhysicalRule(carrier, protocol)
    amplitudes = np.abs(free * change)[0]
    expected = np.sign(free * change)[0] * weight_update(kernel, protocol, amplitudes, threshold=carrier.threshold)
    assert 0.2 < np.mean(expected != 0) < 0.9
    got = rule.passed(contrast_of(free, change), np.ones(60))[0]
    assert_allclose(got, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("mean", [0.0, 0.5])
@pytest.mark.parametrize("name", KERNELS)
def test_the_ideal_limit_is_the_two_state_rule(name, mean):
    """Long ramps, slow ones far longer, and a threshold between the two: the error falls as the inverse of the fast."""
    free, change = strains()
    contrast, coefficients = contrast_of(free, change), np.ones(60)
    ideal = TwoState(mean).update(contrast, coefficients)
    misses = []
    for fast in (1e2, 1e3, 1e4):
        moment = abs(float(KERNELS[name].first_moment))
        carrier = KernelCarrier(KERNELS[name], threshold=moment / (fast * 1e5))
        rule = PhysicalRule(carrier, Sawtooth(fast=fast, slow=1e8 * fast, mean=mean))
        misses.append(np.abs(rule.update(contrast, coefficients) - ideal).max() / np.abs(ideal).max())
    assert misses[0] < 1e-2
    assert_allclose(misses[1] / misses[0], 0.1, rtol=0.2)
    assert misses[2] < 1e-4


def test_the_update_is_the_integral_over_the_cycle():
    """Edge by edge: the signal of the strain, through the kernel, past the threshold; with area, so with all terms."""
    kernel = chemotaxis_kernel(area=0.2, decay_rate=10.0)
    protocol = Sawtooth(fast=0.7, slow=5.0, mean=0.5)
    carrier = KernelCarrier(kernel, threshold=0.1, gain=-2.5)
    free, change = strains(edges=4, patterns=2, seed=5)
    rule = PhysicalRule(carrier, protocol)
    first, second = carrier.shapes(protocol)
    total = np.zeros(4)
    for e in range(4):
        for p in range(2):
            f, d = free[p, e], change[p, e]
            total[e] += 0.5 * thresholded(
                lambda t: 0.2 * 0.5 * f**2 + f * d * first(t) + 0.5 * d**2 * second(t),  # noqa: B023
                [0.0, 0.7, 5.7], 0.1,
            )  # fmt: skip
    expected = -2.5 * total / (-2.5 * -1.0 * 0.2)  # gain * integral over (gain * first moment * amplitude)
    assert_allclose(rule.update(contrast_of(free, change), np.ones(4)), expected, rtol=1e-10)


def test_the_slow_ramp_is_read_without_what_is_left_of_the_fast_one():
    """A derivative of s = (f + a d)^2 / 2, a falling from 1 to 0 in the slow time: -mu1 ds/dt at both ends."""
    kernel, protocol = KERNELS["integral feedback"], Sawtooth(fast=3.0, slow=200.0, mean=0.5)
    free, change = strains()
    rule = PhysicalRule(KernelCarrier(kernel, threshold=0.1), protocol)
    begin, end = rule.slow_outputs(contrast_of(free, change), np.ones(60))
    moment = float(kernel.first_moment)
    second = float(kernel.moment(2))  # the signal's curvature adds moment/2 times itself, the same at both ends
    offset = 0.5 * second * change**2 / 200.0**2
    assert_allclose(begin, moment * (free + change) * change / 200.0 + offset, rtol=1e-9, atol=1e-12)
    assert_allclose(end, moment * free * change / 200.0 + offset, rtol=1e-9, atol=1e-12)


def test_learning_descends_whatever_the_sign_of_the_kernel():
    free, change = strains()
    contrast = contrast_of(free, change)
    ideal = TwoState().update(contrast, np.ones(60))
    for kernel in (KERNELS["chemotaxis"], KERNELS["chemotaxis"].scaled(-3.0)):
        carrier = KernelCarrier(kernel, threshold=3e-3 * abs(float(kernel.first_moment)))
        rule = PhysicalRule(carrier, Sawtooth(fast=1.0, slow=1000.0, mean=0.5))
        assert rule.update(contrast, np.ones(60)) @ ideal > 0.9 * ideal @ ideal


def test_the_gain_does_not_change_the_normalised_rule():
    contrast = contrast_of(*strains())
    updates = [
        PhysicalRule(KernelCarrier(KERNELS["high pass"], 0.02, gain), Sawtooth(fast=1.0, slow=30.0)).update(
            contrast, np.ones(60)
        )
        for gain in (-1.0, -7.0)
    ]
    assert_allclose(*updates, rtol=1e-14)


def test_refusals():
    kernel = KERNELS["high pass"]
    carrier = KernelCarrier(kernel, 0.1)
    assert isinstance(carrier, Carrier)
    for call, name in (
        (lambda: KernelCarrier(kernel, 0.0), "threshold"),
        (lambda: KernelCarrier(kernel, 0.1, gain=1.0), "gain"),
        (lambda: KernelCarrier(sine_kernel(), 0.1), "window"),
        (lambda: KernelCarrier(high_pass_kernel([1.0, 2.0], 1.0), 0.1), "kernel"),
        (lambda: PhysicalRule(carrier, Sawtooth(fast=[1.0, 2.0], slow=3.0)), "protocol"),
        (lambda: TwoState(np.nan), "mean"),
    ):
        with pytest.raises(InvalidParameterError, match=name):
            call()
    with pytest.raises(NormalizationError):
        KernelCarrier(Kernel([1.0, -4.0], [-1.0, -2.0]), 0.1)
