"""Temporal contrast against the naive rule: every kernel, protocol and precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import thermo_cl as tcl
from tests.learning.networks import batch, network
from tests.oracles import naive_temporal_contrast as naive
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import Clip, EnergyNetwork, Relaxation, relax
from thermo_cl.learning.rules import ClampingCycle, TemporalContrast

RNG = np.random.default_rng(0)
SAWTOOTH, PAPER = tcl.Sawtooth(0.3, 1.5), tcl.Sawtooth(0.1, 0.9)
IRREGULAR = ClampingCycle([0.0, 0.2, 0.5, 1.1, 1.8], [0.5, 1.0, 0.25, 1.0, 0.5])
UP_DOWN_UP = ClampingCycle([0.0, 0.2, 0.3, 0.4, 1.8], [0.0, 0.7, 0.3, 1.0, 0.0])


def ladder(levels: int, reference: int) -> tcl.Kernel:
    made = tcl.Ladder(1e-2, n_levels=levels, reference_level=reference)
    return made.step_kernel(200.0).rescaled(5.0).normalized()


KERNELS = {
    "chemotaxis": (tcl.chemotaxis_kernel(), 2.5),
    "area": (tcl.chemotaxis_kernel(0.3), 2.5),
    "sine": (tcl.sine_kernel(), 0.1),
    "feedback": (tcl.integral_feedback_kernel(30.0, 150.0), 8.0),
    "critical": (tcl.integral_feedback_kernel(30.0, 225.0), 4.0),
    "underdamped": (tcl.integral_feedback_kernel(25.0, 900.0), 4.0),
    "5 levels": (ladder(5, 1), 13.0),
    "12 levels": (ladder(12, 4), 30.0),
    "cut ladder": (ladder(5, 1).windowed(1.0), 1.0),
    "slow": (tcl.chemotaxis_kernel(0.1, 3.0), 16.0),
}


def visited(rule: TemporalContrast, net: EnergyNetwork, x: Any, y: Any, states: Any) -> list[np.ndarray]:
    """Outputs of every layer at every level, (levels, batch, n), each clamped state relaxed by itself."""
    settings = rule.relaxation
    free = relax(net, x, states, steps=settings.free_steps, step_size=settings.step_size)
    levels = [
        free if fraction == 0 else relax(
            net, x, free, steps=settings.clamped_steps, step_size=settings.step_size, targets=y,
            nudge=rule.nudge * fraction,
        )
        for fraction in rule.cycle.levels
    ]  # fmt: skip
    return [
        np.array([x] * len(levels)),
        *(np.array([net.activation.value(s[n]) for s in levels]) for n in range(len(net.biases))),
    ]


def outputs_of(rule: TemporalContrast, states: list[np.ndarray], length: float) -> dict[str, np.ndarray]:
    """Convolved current of every synapse at every sample, by the naive way of the rule's convolution."""
    convolve = naive.dense if rule.convolution == "exact" else naive.sampled
    assert rule.samples is not None
    s = naive.currents([x.astype(float) for x in states], list(rule.cycle.visits))
    return {name: convolve(rule.kernel, length, rule.cycle.times, a, rule.samples) for name, a in s.items()}


def compare(
    rule: TemporalContrast, net: EnergyNetwork, data: Any, states: list[np.ndarray], length: float, precision: float
) -> tuple[int, int]:
    """Compare the rule with the naive one at thresholds within the range; number of synapses compared and left out."""
    u = outputs_of(rule, states, length)
    thresholds = {name: float(0.3 * np.abs(a).max()) for name, a in u.items()}
    rule = replace(rule, thresholds=thresholds)
    gradient = rule.estimate(net, *data, RNG).gradient
    compared = near = 0
    for name, a in u.items():
        closed = rule.convolution == "exact"
        expected = rule.factor / rule.nudge * naive.integral(a, rule.cycle.period, thresholds[name], closed=closed)
        size = np.abs(a).max()
        clear = (np.abs(np.abs(a) - thresholds[name]) > 10 * precision * size).all(axis=0)
        atol = abs(rule.factor) / rule.nudge * size * rule.cycle.period * precision
        assert gradient[name].shape == net.parameters[name].shape
        assert_allclose(gradient[name][clear], expected[clear], rtol=precision, atol=atol, err_msg=name)
        assert np.count_nonzero(expected) > 0
        compared, near = compared + int(clear.sum()), near + int((~clear).sum())
    return compared, near


@pytest.mark.parametrize("protocol", [SAWTOOTH, IRREGULAR, UP_DOWN_UP], ids=["sawtooth", "irregular", "up down up"])
@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_against_the_naive_rule(name: str, protocol: Any) -> None:
    kernel, length = KERNELS[name]
    net = network("clip", (6, 5, 3), seed=3)
    data = batch(net, 4)
    rule = TemporalContrast(kernel, protocol, 0.0, sides="one", samples=31)
    assert compare(rule, net, data, visited(rule, net, *data), length, 1e-10) == (53, 0)


@pytest.mark.parametrize("activation", ["clip", "sigmoid", "tanh", "soft-clip"])
@pytest.mark.parametrize("sizes", [(7, 3), (5, 9, 4), (6, 5, 7, 3)], ids=str)
@pytest.mark.parametrize("stages", [1, 3, 8, 11])
def test_deep_and_smooth_networks_against_the_naive_rule(activation: str, sizes: Sequence[int], stages: int) -> None:
    net = network(activation, sizes, seed=5)
    data = batch(net, 3)
    for convolution in ("exact", "sampled"):
        rule = TemporalContrast(
            tcl.sine_kernel(), PAPER, 0.0, sides="one", stages=stages, convolution=convolution, gain=5000.0
        )
        compared, near = compare(rule, net, data, visited(rule, net, *data), 0.1, 1e-10)
        assert compared == sum(a.size for a in net.parameters.values())
        assert near == 0


@pytest.mark.parametrize(
    ("name", "convolution"),
    [(name, "exact") for name in KERNELS] + [("sine", "sampled"), ("cut ladder", "sampled")],
)
def test_single_precision_differs_by_its_rounding(name: str, convolution: Any) -> None:
    kernel, length = KERNELS[name]
    net = network("clip", (12, 14, 5), seed=5, dtype=np.float32)
    data = batch(net, 6)
    data[0][:, ::3] = 0.0
    samples = 31 if convolution == "exact" else 100
    rule = TemporalContrast(kernel, SAWTOOTH, 0.0, sides="one", convolution=convolution, samples=samples)
    _, levels = rule.visited_states(net, *data, rule.nudge)  # the same states for both, to the bit
    states = [np.array([data[0]] * 9), *(net.activation.value(x).swapaxes(0, 1) for x in levels)]
    compared, near = compare(rule, net, data, states, length, 2e-6)
    assert compared + near == sum(a.size for a in net.parameters.values())
    assert near <= 3  # an output within 2e-5 of the largest from the threshold at one of the times


CUTS = {name: kernel.windowed(min(length, 2.0)) for name, (kernel, length) in KERNELS.items()}


@pytest.mark.parametrize(("dtype", "precision"), [(np.float64, 1e-10), (np.float32, 2e-6)])
@pytest.mark.parametrize("name", CUTS)
def test_every_family_in_the_sampled_convolution(name: str, dtype: Any, precision: float) -> None:
    """Each kernel cut so that it fits the period, as the sampled convolution needs."""
    kernel = CUTS[name]
    net = network("clip", (9, 8, 5), seed=5, dtype=dtype)
    data = batch(net, 6)
    rule = TemporalContrast(kernel, tcl.Sawtooth(0.4, 1.85), 0.0, sides="one", convolution="sampled", samples=90)
    _, levels = rule.visited_states(net, *data, rule.nudge)
    states = [np.array([data[0]] * 9), *(net.activation.value(x).swapaxes(0, 1) for x in levels)]
    compared, near = compare(rule, net, data, states, float(kernel.window), precision)
    assert compared + near == sum(a.size for a in net.parameters.values())
    assert near <= (0 if dtype == np.float64 else 3)


LONG = {
    "sine": tcl.sine_kernel(4.1),
    "slow": tcl.chemotaxis_kernel(0.1, 3.0).windowed(2.7),
    "ladder": ladder(5, 1).windowed(1.81),
    "whole periods": tcl.chemotaxis_kernel(0.1, 3.0).windowed(3.6),
}


@pytest.mark.parametrize("name", LONG)
def test_windows_longer_than_the_period_wrap_around_it_exactly_and_are_refused_when_sampled(name: str) -> None:
    """What is left of earlier, equal cycles counts; see also the map against quadrature over all of them."""
    kernel = LONG[name]
    net = network("clip", (6, 5, 3), seed=3)
    data = batch(net, 4)
    rule = TemporalContrast(kernel, SAWTOOTH, 0.0, sides="one", samples=31)
    assert float(kernel.window) > rule.cycle.period
    assert compare(rule, net, data, visited(rule, net, *data), float(kernel.window), 1e-10) == (53, 0)
    u = outputs_of(replace(rule, samples=400), visited(rule, net, *data), float(kernel.window))
    thresholds = {key: float(0.3 * np.abs(a).max()) for key, a in u.items()}
    exact = replace(rule, samples=None, thresholds=thresholds).estimate(net, *data, RNG).gradient
    for key, a in u.items():
        expected = rule.factor / rule.nudge * naive.integral(a, 1.8, thresholds[key], closed=True)
        late = 6 * thresholds[key] * 1.8 / 400 * abs(rule.factor) / rule.nudge  # at each of some crossings
        assert_allclose(exact[key], expected, atol=late, err_msg=key)
    with pytest.raises(InvalidParameterError, match=r"^kernel = .*no longer than the period"):
        replace(rule, convolution="sampled", samples=100)


def test_states_are_those_relaxed_one_by_one() -> None:
    net = network("sigmoid", (4, 5, 3), seed=2)
    data = batch(net, 3)
    rule = TemporalContrast(tcl.sine_kernel(), PAPER, 0.0, stages=4)
    free, levels = rule.visited_states(net, *data, rule.nudge)
    for ours, plain in zip(levels, visited(rule, net, *data)[1:], strict=True):
        assert_allclose(net.activation.value(ours).swapaxes(0, 1), plain, rtol=0, atol=1e-15)
    for x, at_rest in zip(free, levels, strict=True):
        assert_array_equal(x, at_rest[:, 0])


def test_without_threshold_the_estimate_is_area_times_mean_current() -> None:
    net = network("clip", (6, 5, 3), seed=3, scale=0.7)
    data = batch(net, 4)
    for area, samples, error in ((0.0, None, 1e-13), (0.4, None, 1e-13), (0.0, 400, 1e-7), (0.4, 400, 1e-7)):
        rule = TemporalContrast(tcl.chemotaxis_kernel(area), SAWTOOTH, 0.0, sides="one", samples=samples, stages=5)
        states = visited(rule, net, *data)
        found = rule.estimate(net, *data, RNG).gradient
        for name, s in naive.currents(states, list(rule.cycle.visits)).items():
            mean = np.trapezoid(s, rule.cycle.times, axis=0)
            assert_allclose(found[name], area * mean / rule.nudge, rtol=1e-12, atol=error)


def test_the_naive_rule_of_the_paper_has_the_shape_of_the_fast_one() -> None:
    """The paper's numbers on a network with the paper's batch, thresholds and gain."""
    net = EnergyNetwork.glorot([40, 30, 10], activation=Clip(), rng=0, dtype=np.float64)
    x, y, states = batch(net, 20)
    rule = TemporalContrast(
        tcl.sine_kernel(), PAPER, 0.0, sides="one", gain=5000.0, convolution="sampled",
        relaxation=Relaxation(free_steps=20, clamped_steps=4, step_size=0.5),
    )  # fmt: skip
    u = outputs_of(rule, visited(rule, net, x, y, states), 0.1)
    thresholds = {"W1": 1.2e-6, "b1": 1e-5, "W2": 2e-5, "b2": 2e-4}
    gradient = replace(rule, thresholds=thresholds).estimate(net, x, y, states, RNG).gradient
    for name, a in u.items():
        expected = 5000.0 / 0.5 * naive.integral(a, 1.0, thresholds[name], closed=False)
        clear = (np.abs(np.abs(a) - thresholds[name]) > 1e-13).all(axis=0)
        assert clear.mean() > 0.999
        assert_allclose(gradient[name][clear], expected[clear], rtol=1e-9, atol=1e-11)
