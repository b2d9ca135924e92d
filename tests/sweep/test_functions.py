"""Named functions: what the library gives ladder by ladder, and no ladder disturbs the others."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

from thermo_cl import Ladder, Sawtooth, adaptive_threshold, crossing_metrics, weight_update
from thermo_cl.errors import ConvergenceError, InvalidParameterError, MemoryLimitError
from thermo_cl.sweep import FUNCTIONS, Design, log_uniform, sweep, uniform

DESIGN = Design.random(
    12, rng=1, gamma=log_uniform(1e-20, 1.0), signal=uniform(5.0, 250.0), n_levels=[4, 6], reference_level=[1.0, 1.5]
)


def one_by_one():
    points = DESIGN.points()
    for gamma, signal, levels, reference in zip(*points.values(), strict=True):
        yield Ladder(gamma, n_levels=int(levels), reference_level=reference), signal


def test_ladders_are_those_of_the_library() -> None:
    found = sweep(DESIGN, "ladder-memory")
    for i, (ladder, signal) in enumerate(one_by_one()):
        kernel = ladder.step_kernel(signal, moments=3)
        assert found.entropy_production_rate[i] == ladder.entropy_production_rate()
        assert found.area[i] == kernel.area
        assert found.first_moment[i] == kernel.first_moment
        assert float(found.normalized_area[i]) == pytest.approx(-float(kernel.normalized().area), rel=1e-14, abs=0)
        time = np.geomspace(1e-6, 1e3, 20001)
        response = kernel.step_response(time) - kernel.area
        mean_time = np.trapezoid(time * response, time) / np.trapezoid(response, time)
        assert found.memory_time[i] == pytest.approx(mean_time, rel=1e-4)
    scalars = sweep(DESIGN, "ladder")
    np.testing.assert_allclose(scalars.area, found.area, rtol=1e-9)
    assert scalars.valid.all()


def test_curves_are_those_of_the_library() -> None:
    function = FUNCTIONS["ladder-curves"].with_options(amplitudes=30, curves=True)
    found = sweep(DESIGN, function)
    protocol = Sawtooth(fast=3.0, slow=15.0, mean=10.0)
    for i, (ladder, signal) in enumerate(one_by_one()):
        kernel = ladder.step_kernel(signal).rescaled(5.0).normalized()
        threshold = adaptive_threshold(kernel, protocol, 50.0)
        update = weight_update(kernel, protocol, found.amplitude.values, threshold=threshold)
        assert_array_equal(found.weight_update[i], update)
        metrics = crossing_metrics(found.amplitude.values, update, amplitude_max=50.0)
        assert_array_equal(found.offset[i], metrics.offset)
        assert_array_equal(found.dynamic_range[i], metrics.dynamic_range)


def test_a_ladder_out_of_range_does_not_disturb_the_others(monkeypatch) -> None:
    original = Ladder.step_moments

    def refusing(self, *signals):
        if (np.asarray(self.gamma) == 0.5).any():
            raise ConvergenceError("out of range")
        return original(self, *signals)

    design = Design.grid(n_levels=[5, 7], gamma=[0.1, 0.2, 0.5, 0.6, 0.7], signal=[200.0])
    expected = sweep(design, "ladder")
    monkeypatch.setattr(Ladder, "step_moments", refusing)
    found = sweep(design, "ladder")
    assert_array_equal(found.valid, [True, True, False, True, True] * 2)
    assert np.isnan(found.first_moment[[2, 7]]).all()
    for name in ("area", "first_moment", "entropy_production_rate"):
        assert_array_equal(found[name][found.valid], expected[name][found.valid])


def test_a_kernel_too_slow_for_the_protocol_does_not_end_the_sweep() -> None:
    slow = {"gamma": 0.73, "signal": 15.6, "rate_factor": 1.0, "energy_step": 5.93, "reference_level": 5.45}
    plain = {"gamma": 0.1, "signal": 200.0, "rate_factor": 25.0, "energy_step": 2.0, "reference_level": 1.0}
    rows = xr.Dataset({name: ("row", [plain[name], slow[name], plain[name]]) for name in plain})
    function = FUNCTIONS["ladder-curves"].with_options(amplitudes=30)
    found = sweep(Design.from_dataset(rows.assign(n_levels=12)), function)
    assert_array_equal(found.valid, [True, False, True])
    assert np.isnan(found.offset[1])
    assert np.isfinite(found.exact_amplitude_min[[0, 2]]).all()


def test_more_amplitudes_than_fit_into_memory_are_refused() -> None:
    with pytest.raises(MemoryLimitError, match="10000000000000 amplitudes"):
        sweep(DESIGN, FUNCTIONS["ladder-curves"].with_options(amplitudes=10**13))


def test_options_of_a_function_without_any_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="left out: there are none"):
        FUNCTIONS["ladder"].with_options(amplitudes=3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"amplitude": 3}, "the nearest: amplitudes"),
        ({"index_factor": 0.5}, "index_factor"),
        ({"fast": -1}, "fast"),
        ({"window": [1.0, 2.0]}, "window.shape"),
    ],
)
def test_options_are_checked(options, said: str) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        sweep(DESIGN, FUNCTIONS["ladder-curves"].with_options(**options))
    assert said in str(refusal.value)
