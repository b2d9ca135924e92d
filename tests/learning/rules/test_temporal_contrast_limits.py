"""Limits of temporal contrast: equilibrium propagation, exact crossings, silence; and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import thermo_cl as tcl
from tests.learning.networks import batch, network
from thermo_cl.errors import InvalidParameterError, NormalizationError
from thermo_cl.learning.energy import EnergyNetwork
from thermo_cl.learning.rules import EquilibriumPropagation, Rule, TemporalContrast

RNG = np.random.default_rng(0)
SAWTOOTH, PAPER = tcl.Sawtooth(0.3, 1.5), tcl.Sawtooth(0.1, 0.9)


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
