"""Derivatives of weight updates against high-order differences of exact updates, and exact relations among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import thermo_cl as tcl
from tests.strategies import kernels, protocols
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov import KERNEL_PARAMETERS, ladder_kernel_tangents, normalized_tangent
from thermo_cl.synapse import ramp_time_sensitivities, update_sensitivities, update_tangent

AMPLITUDES = np.array([0.0, 2.0, 12.0, 25.0, 60.0, 130.0])
EIGHTH = np.array([1 / 280, -4 / 105, 1 / 5, -4 / 5, 0, 4 / 5, -1 / 5, 4 / 105, -1 / 280])

LADDER = tcl.Ladder(1e-3).step_kernel(200.0).rescaled(5.0).normalized()
CASES = {
    "chemotaxis": (tcl.chemotaxis_kernel(0.05), tcl.Sawtooth(1.0, 9.0, mean=3.0), 5.0),
    "offset": (tcl.chemotaxis_kernel(-0.3), tcl.Sawtooth(0.4, 3.0, mean=20.0), 11.0),
    "ladder": (LADDER, tcl.Sawtooth(3.0, 15.0, mean=10.0), 3.0),
    "oscillating": (tcl.Kernel([3.0 + 1j, -2.0], [-1.0 + 11j, -0.5]), tcl.Sawtooth(1.3, 4.0, mean=-2.0), 2.0),
}


def difference(function: Callable[[float], np.ndarray], at: float, h: float) -> np.ndarray:
    return np.tensordot(EIGHTH, np.array([function(at + m * h) for m in range(-4, 5)]), axes=1) / h


@pytest.mark.parametrize("case", CASES)
def test_threshold_and_protocol(case: str) -> None:
    kernel, protocol, threshold = CASES[case]
    found = update_sensitivities(kernel, protocol, AMPLITUDES, threshold=threshold)
    fast, slow = ramp_time_sensitivities(kernel, protocol, AMPLITUDES, threshold=threshold)
    assert (found.by_threshold[2:] != 0).any()

    def update(**changed: float) -> np.ndarray:
        numbers = {"fast": protocol.fast, "slow": protocol.slow, "mean": protocol.mean, "theta": threshold, **changed}
        other = tcl.Sawtooth(numbers["fast"], numbers["slow"], mean=numbers["mean"])
        return tcl.weight_update(kernel, other, AMPLITUDES, threshold=numbers["theta"])

    assert_allclose(found.update, update(), rtol=1e-14)
    expected = {
        "theta": (found.by_threshold, threshold),
        "mean": (found.by_mean, float(protocol.mean)),
        "fast": (fast, float(protocol.fast)),
        "slow": (slow, float(protocol.slow)),
    }
    for name, (values, at) in expected.items():
        numeric = difference(lambda x, name=name: update(**{name: x}), at, 2e-3)
        assert_allclose(values, numeric, rtol=1e-8, atol=1e-9, err_msg=name)
    assert_allclose(found.by_amplitude, tcl.update_slope(kernel, protocol, AMPLITUDES, threshold=threshold), rtol=1e-14)


@pytest.mark.parametrize("window", [np.inf, 1.0])
@pytest.mark.parametrize("gamma", [0.05, 1e-6])
def test_parameters_of_a_ladder(window: float, gamma: float) -> None:
    at = {
        "log_gamma": np.log(gamma), "log_rate_factor": np.log(20.0), "reference_level": 1.2, "energy_step": 1.7,
        "inactive_dissociation": 18.2, "active_dissociation": 3000.0, "signal": 150.0, "baseline": 10.0,
    }  # fmt: skip
    protocol, threshold, amplitudes = tcl.Sawtooth(3.0, 15.0, mean=10.0), 3.0, np.array([0.0, 5.0, 12.0, 25.0, 60.0])

    def made(**changed: float) -> tuple[tcl.Ladder, tcl.Kernel]:
        v = {**at, **changed}
        ladder = tcl.Ladder(
            np.exp(v["log_gamma"]), np.exp(v["log_rate_factor"]), 5, v["reference_level"], v["energy_step"],
            v["inactive_dissociation"], v["active_dissociation"],
        )  # fmt: skip
        return ladder, cut(ladder.step_kernel(v["signal"], v["baseline"]))

    def cut(kernel: tcl.Kernel) -> tcl.Kernel:
        whole = kernel.rescaled(5.0)
        return whole if np.isinf(window) else whole.windowed(window)

    ladder, raw = made()
    tangents = normalized_tangent(raw, cut(ladder_kernel_tangents(ladder, 150.0, 10.0)))
    found = update_tangent(raw.normalized(), tangents, protocol, amplitudes, threshold=threshold)
    assert found.shape == (8, 5)
    # steps as long as the parameter allows: where it hardly matters, rounding of the updates does
    steps = {"active_dissociation": 60.0, "inactive_dissociation": 0.04, "signal": 0.4, "baseline": 0.02}
    steps["log_gamma"] = 2e-3 if gamma > 1e-3 else 0.1
    for k, name in enumerate(KERNEL_PARAMETERS):

        def update(x: float, name: str = name) -> np.ndarray:
            kernel = made(**{name: x})[1].normalized()
            return tcl.weight_update(kernel, protocol, amplitudes, threshold=threshold)

        numeric = difference(update, at[name], steps.get(name, 2e-3))
        scale = np.abs(numeric).max()
        assert scale > 0
        assert_allclose(found[k], numeric, rtol=1e-8, atol=1e-8 * scale, err_msg=name)


@settings(max_examples=25)
@given(kernels(), kernels(), protocols(), st.floats(0.5, 60.0), st.floats(0.05, 1.5))
def test_any_direction_in_kernels(
    kernel: tcl.Kernel, other: tcl.Kernel, protocol: tcl.Sawtooth, amplitude: float, part: float
) -> None:
    tangent = tcl.Kernel(other.coefficients, other.rates, other.powers, window=kernel.window)
    times = np.linspace(0.0, float(protocol.period), 501)
    shape = tcl.periodic_response(kernel, protocol.unit_signal())(times)
    response = np.abs(kernel.area * protocol.mean + amplitude * shape)
    threshold = part * float(response.max())
    turning = response[(response >= np.roll(response, 1)) & (response >= np.roll(response, -1))]
    assume((np.abs(turning - threshold) > 1e-3 * threshold).all())  # at a graze the derivative diverges
    found = update_tangent(kernel, tangent, protocol, amplitude, threshold=threshold)
    rates, powers = np.append(kernel.rates, tangent.rates), np.append(kernel.powers, tangent.powers)

    def update(h: float) -> np.ndarray:
        weights = np.append(kernel.coefficients, h * tangent.coefficients)
        moved = tcl.Kernel(weights, rates, powers, window=kernel.window)
        return tcl.weight_update(moved, protocol, amplitude, threshold=threshold)

    coarse, fine = difference(update, 0.0, 1e-3), difference(update, 0.0, 5e-4)
    size = abs(coarse) + abs(update(0.0)) + threshold
    assume(abs(coarse - fine) < 1e-9 * size)  # else a piece of the response reaches the threshold within the steps
    assert abs(found - fine) <= 1e-8 * size


@given(kernels(), protocols(), st.floats(0.5, 60.0), st.floats(0.0, 1.5))
def test_scaling_relations(kernel: tcl.Kernel, protocol: tcl.Sawtooth, amplitude: float, part: float) -> None:
    """The update is of first order in kernel and threshold together, and in amplitude, mean and threshold."""
    times = np.linspace(0.0, float(protocol.period), 501)
    shape = tcl.periodic_response(kernel, protocol.unit_signal())(times)
    threshold = part * float(np.abs(kernel.area * protocol.mean + amplitude * shape).max())
    found = update_sensitivities(kernel, protocol, amplitude, threshold=threshold)
    by_kernel = update_tangent(kernel, kernel, protocol, amplitude, threshold=threshold)
    crossings, ramps = abs(threshold * found.by_threshold), float(protocol.period) * np.abs(shape).max() * amplitude
    size = abs(found.update) + abs(by_kernel) + crossings + ramps
    assert abs(by_kernel + threshold * found.by_threshold - found.update) <= 1e-9 * size
    by_signal = amplitude * found.by_amplitude + protocol.mean * found.by_mean
    assert abs(by_signal + threshold * found.by_threshold - found.update) <= 1e-9 * (size + abs(by_signal))


@pytest.mark.parametrize("case", CASES)
def test_time_may_be_stretched_on_either_side(case: str) -> None:
    """Both ramps longer by a factor, or the kernel shorter: updates per period agree but for that factor."""
    kernel, protocol, threshold = CASES[case]
    fast, slow = ramp_time_sensitivities(kernel, protocol, AMPLITUDES, threshold=threshold)
    # derivative of (1 + h) K((1 + h) t): K + t K', with K' = rate K for single exponentials and powers by hand
    rates, c, n = kernel.rates, kernel.coefficients, kernel.powers
    stretched = tcl.Kernel(np.concatenate([c * (1 + n), c * rates]), np.append(rates, rates), np.append(n, n + 1))
    update = tcl.weight_update(kernel, protocol, AMPLITUDES, threshold=threshold)
    along = update_tangent(kernel, stretched, protocol, AMPLITUDES, threshold=threshold)
    assert_allclose(protocol.fast * fast + protocol.slow * slow, update + along, rtol=1e-9, atol=1e-9)


def test_no_threshold_is_linear() -> None:
    kernel, protocol, _ = CASES["chemotaxis"]
    found = update_sensitivities(kernel, protocol, AMPLITUDES, threshold=0.0)
    assert_allclose(found.by_threshold, 0.0)
    assert_allclose(found.by_mean, kernel.area * protocol.period, rtol=1e-12)
    fast, slow = ramp_time_sensitivities(kernel, protocol, AMPLITUDES, threshold=0.0)
    assert_allclose(fast, kernel.area * protocol.mean, rtol=1e-10)
    assert_allclose(slow, kernel.area * protocol.mean, rtol=1e-10)


def test_batches_are_loops() -> None:
    ladder = tcl.Ladder([0.2, 1e-4, 1e-8])
    kernel, tangents = ladder.step_kernel(), ladder_kernel_tangents(ladder)
    protocol = tcl.Sawtooth([[1.0], [3.0]], 15.0, mean=10.0)
    amplitudes, threshold = np.array([5.0, 20.0]), np.array([0.3, 0.2, 0.1])
    arguments: dict[str, Any] = {"threshold": threshold}
    found = update_sensitivities(kernel, protocol, amplitudes, **arguments)
    along = update_tangent(kernel, tangents, protocol, amplitudes, **arguments)
    ramps = ramp_time_sensitivities(kernel, protocol, amplitudes, **arguments)
    assert found.by_mean.shape == found.by_threshold.shape == ramps[0].shape == (2, 3, 2)
    assert along.shape == (8, 2, 3, 2)
    for i, j in np.ndindex(2, 3):
        one = tcl.Ladder(ladder.gamma[j])
        same, saw = one.step_kernel(), tcl.Sawtooth(protocol.fast[i, 0], 15.0, mean=10.0)
        single = update_sensitivities(same, saw, amplitudes, threshold=threshold[j])
        assert_allclose(found.by_mean[i, j], single.by_mean, rtol=1e-9)
        assert_allclose(found.by_threshold[i, j], single.by_threshold, rtol=1e-9)
        expected = update_tangent(same, ladder_kernel_tangents(one), saw, amplitudes, threshold=threshold[j])
        assert_allclose(along[:, i, j], expected, rtol=1e-8, atol=1e-10)
        scalar = update_tangent(same, ladder_kernel_tangents(one), saw, 20.0, threshold=threshold[j])
        assert_allclose(scalar, expected[:, 1], rtol=1e-12)
        slow = ramp_time_sensitivities(same, saw, amplitudes, threshold=threshold[j])[1]
        assert_allclose(ramps[1][i, j], slow, rtol=1e-8, atol=1e-12)


def test_refusals() -> None:
    kernel, protocol, _ = CASES["chemotaxis"]
    with pytest.raises(InvalidParameterError, match=r"^amplitudes = -1"):
        update_sensitivities(kernel, protocol, -1.0, threshold=1.0)
    with pytest.raises(InvalidParameterError, match=r"^threshold = -1"):
        update_tangent(kernel, kernel, protocol, 1.0, threshold=-1.0)
    with pytest.raises(InvalidParameterError, match=r"^tangent.window"):
        update_tangent(kernel, kernel.windowed(1.0), protocol, 1.0, threshold=1.0)
    with pytest.raises(InvalidParameterError, match=r"^tangent.batch_shape"):
        update_tangent(kernel, tcl.Ladder([[0.1, 0.2]]).step_kernel(), protocol, 1.0, threshold=1.0)
    with pytest.raises(InvalidParameterError, match=r"^kernel.window"):
        ramp_time_sensitivities(kernel.windowed(0.1), protocol, 1.0, threshold=1.0)
    with pytest.raises(InvalidParameterError, match=r"^amplitudes = \[\]"):
        ramp_time_sensitivities(kernel, protocol, [], threshold=1.0)
