"""Temporal contrast against the naive rule, equilibrium propagation, exact crossings, and its symmetries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import thermo_cl as tcl
from tests.learning.networks import batch, network
from tests.oracles import naive_temporal_contrast as naive
from thermo_cl.errors import InvalidParameterError, NormalizationError
from thermo_cl.learning.energy import Clip, EnergyNetwork, Relaxation, relax
from thermo_cl.learning.rules import ClampingCycle, EquilibriumPropagation, Rule, TemporalContrast

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


def test_gauss_points_are_nearer_to_exact_crossings_than_as_many_equal_times() -> None:
    net = network("clip", (20, 12, 5), seed=3, scale=0.7)
    data = batch(net, 4)
    rule = TemporalContrast(tcl.chemotaxis_kernel(0.0, 2000.0), SAWTOOTH, 0.03, sides="one", samples=None)
    exact = rule.estimate(net, *data, RNG).gradient["W1"]
    assert 0.1 < np.count_nonzero(exact) / exact.size < 0.9
    gauss = replace(rule, samples="gauss")
    assert gauss.current_map is not None
    equal = replace(rule, samples=gauss.current_map.times.size)
    found, other = (np.sqrt(np.mean((r.estimate(net, *data, RNG).gradient["W1"] - exact) ** 2)) for r in (gauss, equal))
    assert found < 0.02 * np.sqrt(np.mean(exact**2))
    assert found < 0.5 * other


def test_states_are_those_relaxed_one_by_one() -> None:
    net = network("sigmoid", (4, 5, 3), seed=2)
    data = batch(net, 3)
    rule = TemporalContrast(tcl.sine_kernel(), PAPER, 0.0, stages=4)
    free, levels = rule.visited_states(net, *data, rule.nudge)
    for ours, plain in zip(levels, visited(rule, net, *data)[1:], strict=True):
        assert_allclose(net.activation.value(ours).swapaxes(0, 1), plain, rtol=0, atol=1e-15)
    for x, at_rest in zip(free, levels, strict=True):
        assert_array_equal(x, at_rest[:, 0])


def test_perfect_kernel_gives_equilibrium_propagation_to_first_order_in_its_timescale() -> None:
    net = network("clip", (6, 5, 3), seed=3, scale=0.7)
    data = batch(net, 4)
    exact = EquilibriumPropagation(sides="one").estimate(net, *data, RNG).gradient
    protocol, threshold = tcl.Sawtooth(1.0, 1e7), 1e-6  # contrasts from 1e-6 to 10 are within the window
    sizes, errors = (20.0, 40.0, 80.0, 160.0, 320.0), []
    for decay_rate in sizes:
        rule = TemporalContrast(tcl.chemotaxis_kernel(0.0, decay_rate), protocol, threshold, sides="one", samples=None)
        found = rule.estimate(net, *data, RNG).gradient
        errors.append(max(np.abs(found[n] - exact[n]).max() / np.abs(exact[n]).max() for n in exact))
    orders = -np.diff(np.log2(errors))
    assert_allclose(orders[1:], 1.0, atol=0.1)
    assert errors[-1] < 0.02


@pytest.mark.parametrize("kernel", [tcl.chemotaxis_kernel(), tcl.sine_kernel(), tcl.chemotaxis_kernel().scaled(-3.0)])
@pytest.mark.parametrize("sides", ["one", "random"])
def test_estimate_has_the_sign_and_size_of_equilibrium_propagation(kernel: tcl.Kernel, sides: Any) -> None:
    net = network("clip", (6, 5, 3), seed=3, scale=0.7)
    data = batch(net, 4)
    theirs = EquilibriumPropagation(sides=sides).estimate(net, *data, np.random.default_rng(4)).gradient
    threshold = 1e-4 * float(abs(kernel.first_moment))
    rule = TemporalContrast(kernel, tcl.Sawtooth(2.0, 1e4), threshold, sides=sides, samples=None)
    ours = rule.estimate(net, *data, np.random.default_rng(4)).gradient
    for name, array in theirs.items():
        assert_allclose(ours[name], array, atol=0.1 * np.abs(array).max(), err_msg=name)
    assert all((np.sign(ours[n]) == np.sign(a))[np.abs(a) > 0.2 * np.abs(a).max()].all() for n, a in theirs.items())


def test_random_sides_draw_the_sign_of_the_nudge() -> None:
    net = network("clip", (6, 5, 3), seed=3, scale=0.7)
    data = batch(net, 4)
    rule = TemporalContrast(tcl.sine_kernel(), PAPER, 1e-6)
    one = replace(rule, sides="one").estimate(net, *data, RNG).gradient["W1"]
    drawn = [rule.estimate(net, *data, np.random.default_rng(seed)).gradient["W1"] for seed in range(12)]
    same = [np.array_equal(one, w) for w in drawn]
    assert 2 < sum(same) < 10
    others = [w for w, equal in zip(drawn, same, strict=True) if not equal]
    assert all(np.array_equal(w, others[0]) for w in others)


def test_samples_converge_to_exact_crossings_to_first_order() -> None:
    """Each crossing is seen up to one sample late."""
    net = network("clip", (20, 12, 5), seed=3, scale=0.7)
    data = batch(net, 4)
    rule = TemporalContrast(tcl.chemotaxis_kernel(), SAWTOOTH, 0.01, sides="one", samples=None)
    exact = rule.estimate(net, *data, RNG).gradient["W1"]
    assert 0.1 < np.count_nonzero(exact) / exact.size < 0.9
    counts = np.array([100, 200, 400, 800, 1600, 3200])
    errors = [
        np.sqrt(np.mean((replace(rule, samples=int(n)).estimate(net, *data, RNG).gradient["W1"] - exact) ** 2))
        for n in counts
    ]
    order = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert order == pytest.approx(1.0, abs=0.15)


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_do_not_depend_on_the_number_of_threads(dtype: Any) -> None:
    net = EnergyNetwork.glorot([211, 130, 7], rng=1, dtype=dtype)
    x, y, states = batch(net, 5)
    rule = TemporalContrast(tcl.sine_kernel(), PAPER, 1e-6)
    threads, found = numba.get_num_threads(), []
    try:
        for count in {1, min(2, numba.config.NUMBA_NUM_THREADS), threads}:
            numba.set_num_threads(count)
            found.append(rule.estimate(net, x, y, states, np.random.default_rng(0)).gradient)
    finally:
        numba.set_num_threads(threads)
    for other in found[1:]:
        for name, array in found[0].items():
            assert array.dtype == dtype
            assert_array_equal(array, other[name])


def test_synapses_of_silent_inputs_stay_at_zero() -> None:
    net = network("clip", (6, 5, 3), seed=3)
    x, y, states = batch(net, 4)
    x[:, [0, 4]] = 0.0
    gradient = TemporalContrast(tcl.chemotaxis_kernel(0.2), SAWTOOTH, 0.0).estimate(net, x, y, states, RNG).gradient
    assert_array_equal(np.flatnonzero(~gradient["W1"].any(axis=1)), [0, 4])


def test_huge_thresholds_silence_every_synapse() -> None:
    net = network("clip", (6, 5, 3), seed=3)
    data = batch(net, 4)
    for samples in (50, None):
        rule = TemporalContrast(tcl.chemotaxis_kernel(0.2), SAWTOOTH, 1e6, samples=samples)
        assert all(not g.any() for g in rule.estimate(net, *data, RNG).gradient.values())


def test_numbers_that_are_not_finite_are_not_hidden() -> None:
    net = network("clip", (6, 5, 3), seed=3)
    x, y, states = batch(net, 4)
    x[1, 2] = np.nan
    gradient = TemporalContrast(tcl.sine_kernel(), PAPER, 1e6).estimate(net, x, y, states, RNG).gradient
    assert np.isnan(gradient["W1"]).all()
    assert np.isnan(gradient["b2"]).all()


def test_it_is_a_rule_and_keeps_free_states() -> None:
    net = network("clip", (6, 5, 3), seed=3)
    data = batch(net, 4)
    rule = TemporalContrast(tcl.sine_kernel(), PAPER, {"W1": 0.0, "b1": 0, "W2": 1e-5, "b2": 0.1})
    assert isinstance(rule, Rule)
    estimate = rule.estimate(net, *data, RNG)
    reference = EquilibriumPropagation().estimate(net, *data, RNG)
    for ours, theirs in zip(estimate.states, reference.states, strict=True):
        assert_array_equal(ours, theirs)
    assert_array_equal(estimate.outputs, estimate.states[-1])
    assert list(estimate.gradient) == list(net.parameters)


def test_gain_is_one_over_the_first_moment_unless_given() -> None:
    kernel = tcl.sine_kernel()
    assert TemporalContrast(kernel, PAPER, 0.0).factor == pytest.approx(600 * np.pi)
    assert TemporalContrast(kernel.scaled(-1.0), PAPER, 0.0).factor == pytest.approx(-600 * np.pi)
    assert TemporalContrast(kernel, PAPER, 0.0, gain=5000.0).factor == 5000.0


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"nudge": 0.0}, "nudge"),
        ({"nudge": -0.5}, "nudge"),
        ({"sides": "both"}, "sides"),
        ({"convolution": "fft"}, "convolution"),
        ({"stages": 0}, "stages"),
        ({"samples": 1}, "samples"),
        ({"samples": None, "convolution": "sampled"}, "samples"),
        ({"samples": "gauss", "convolution": "sampled"}, "samples"),
        ({"samples": "simpson"}, "samples"),
        ({"relaxation": 20}, "relaxation"),
        ({"gain": 0.0}, "gain"),
        ({"gain": np.nan}, "gain"),
        ({"thresholds": -1.0}, "thresholds"),
        ({"thresholds": {"W1": np.inf}}, "thresholds"),
        ({"thresholds": [1.0, 2.0]}, "thresholds"),
        ({"kernel": tcl.chemotaxis_kernel(np.zeros(2))}, "kernel"),
        ({"protocol": tcl.Sawtooth([1.0, 2.0], 3.0)}, "protocol"),
        ({"kernel": tcl.sine_kernel(1.1), "convolution": "sampled"}, "kernel"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], name: str) -> None:
    arguments: dict[str, Any] = {"kernel": tcl.sine_kernel(), "protocol": PAPER, "thresholds": 0.0} | change
    with pytest.raises(InvalidParameterError, match=f"^{name}"):
        TemporalContrast(**arguments)


def test_kernels_without_a_first_moment_need_a_gain() -> None:
    blind = tcl.Kernel([5.0, -30.0, 40.0], [-5.0, -10.0, -20.0], known_moments=(0.0, 0.0))
    with pytest.raises(NormalizationError, match="first moment"):
        TemporalContrast(blind, PAPER, 0.0)
    assert TemporalContrast(blind, PAPER, 0.0, gain=2.0).factor == 2.0


@pytest.mark.parametrize("names", [["W1"], ["W1", "b1", "W2", "b2", "W3"], ["w1", "b1", "W2", "b2"]])
def test_thresholds_by_name_must_be_those_of_the_network(names: list[str]) -> None:
    net = network("clip", (6, 5, 3), seed=3)
    rule = TemporalContrast(tcl.sine_kernel(), PAPER, dict.fromkeys(names, 1.0))
    with pytest.raises(InvalidParameterError, match=r"^thresholds = .*W1, b1, W2, b2"):
        rule.estimate(net, *batch(net, 4), RNG)


def test_minibatches_must_fit() -> None:
    net = network("clip", (6, 5, 3), seed=3)
    x, y, states = batch(net, 4)
    with pytest.raises(InvalidParameterError, match=r"^inputs"):
        TemporalContrast(tcl.sine_kernel(), PAPER, 0.0).estimate(net, x[:, :5], y, states, RNG)


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
