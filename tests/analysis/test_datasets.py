"""The papers' data sets: schema, units, provenance, reproducibility and the physics they must show."""

from __future__ import annotations

import functools
import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from analysis import (
    accuracy_dissipation,
    dissipation,
    dynamic_range,
    gradient_angle,
    ladder_currents,
    learning_cost,
    mnist,
    offset,
    ramp_speed,
    update_curve,
)
from analysis.__main__ import NAMES, main
from thermo_cl import Ladder
from thermo_cl.errors import InvalidParameterError
from thermo_cl.sweep import load_netcdf

SMALL: dict[str, dict[str, Any]] = {
    "cost_law": {"designs": 400, "levels": [25, 50, 100], "accuracies": [2.0], "changes": [1.0], "optima": 5},
    "dissipation": {"ladders": 120, "amplitudes": 60},
    "dynamic_range": {"protocols": 40, "amplitudes": 100},
    "offset": {"protocols": 40, "amplitudes": 100},
    "learning_cost": {"gamma": [0.1, 1e-3], "fast": [15.0, 60.0], "shares": [0.1, 0.5]},
    "phase_variance": {"stages": [0, 30], "probabilities": 5},
    "phase_bias": {"stage": 30, "longest": 10},
    "carriers": {"fractions": [1.0, 0.25], "samples": 21},
    "gradient_angle": {
        "areas": [1e-6, 1e-2], "factors": [1.0], "ramps": [2.0, 50.0], "ratios": [9.0], "examples": 100,
        "minibatches": 1,
    },
    "frontier": {
        "levels": (5,), "ladders": 2**12, "targets": (8.0, 10.0), "memory_levels": (5,), "budgets": (1.5,),
        "relative_targets": (3.0,), "sample": 200,
    },
}  # fmt: skip


@functools.cache
def small(name: str) -> xr.Dataset:
    """A small data set; the schema is compared with the same."""
    dataset: xr.Dataset = importlib.import_module(f"analysis.{name}").compute(**SMALL.get(name, {}), rng=3)
    return dataset


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_is_labelled_and_reproducible(name: str) -> None:
    module, dataset = importlib.import_module(f"analysis.{name}"), small(name)
    for variable in (*dataset.data_vars.values(), *dataset.coords.values()):
        assert variable.attrs["long_name"]
        assert variable.attrs["units"]
    assert {"source", "parameters", "seed", "versions", "git_revision"} <= set(dataset.attrs)
    assert dataset.attrs["seed"] == "3"
    assert any(paper in dataset.attrs["source"] for paper in ("Falk et al. 2025", "Williams et al. 2023"))
    json.loads(dataset.attrs["parameters"])
    xr.testing.assert_identical(module.compute(**SMALL.get(name, {}), rng=3), dataset)


def test_dissipation_has_the_contracted_names() -> None:
    dataset = dissipation.compute(ladders=30, amplitudes=40)
    assert dict(dataset.sizes) == {"ladder": 30, "amplitude": 40}
    wanted = {
        "gamma", "signal", "rate_factor", "entropy_production_rate", "kernel_area", "first_moment", "threshold",
        "weight_update", "amplitude_min", "dynamic_range", "offset",
    }  # fmt: skip
    assert wanted <= set(dataset.data_vars)
    defaults = dissipation.compute.__defaults__
    assert defaults == (5000, 500)


def test_draws_are_the_papers() -> None:
    gamma, signal, factor = dissipation.draw(5000, 0)
    assert gamma.shape == (5000,)
    assert (gamma > 0).all() and (gamma <= 1).all()
    assert gamma.min() < 1e-22
    for shared in (signal, factor):
        assert (shared.reshape(100, 50).std(axis=1) == 0).all()  # one value for each batch of fifty
    assert signal.min() >= 5 and signal.max() < 250 and factor.min() >= 1 and factor.max() < 100
    assert (gamma.reshape(100, 50)[:, :10] > 1e-4).mean() > 0.99  # ten of order one in each batch
    assert dissipation.draw(70, 0)[0].shape == (70,)


def test_the_papers_choices_are_options() -> None:
    exact = dissipation.compute(ladders=50, amplitudes=100)
    paper = dissipation.compute(ladders=50, amplitudes=100, **dissipation.PAPER)
    assert_allclose(paper.gamma, exact.gamma)
    assert not np.allclose(paper.kernel_area, exact.kernel_area, rtol=1e-3)  # the window cuts the tail
    at_25 = Ladder(exact.gamma.values).entropy_production_rate()
    assert_allclose(paper.entropy_production_rate, at_25)
    assert not np.allclose(exact.entropy_production_rate, at_25, rtol=1e-6)
    both = exact.linear & paper.linear
    assert (paper.amplitude_min[both] > exact.amplitude_min[both]).mean() > 0.5  # 1.25 times the index


def test_dynamic_range_approaches_its_bound_from_below() -> None:
    """Fig. 4C: ln(A_max / A_min) below ln(tau_s / tau_f), and close for a rise much slower than the kernel."""
    dataset = dynamic_range.compute(protocols=400)
    bound = np.log(dataset.slow / dataset.fast)
    usable = dataset.linear & (bound > 0.7)
    gap = bound - np.log(dataset.dynamic_range)
    spacing = 75.0 / 400 / dataset.amplitude_min
    assert (gap[usable] > -spacing[usable]).all()
    exact_gap = bound - np.log(dataset.exact_dynamic_range)
    assert (exact_gap[usable] > -1e-9).all()
    slow_rise = usable & (dataset.fast_in_timescales > 40)
    assert slow_rise.sum() > 50
    assert float(gap[slow_rise].median()) < 0.05
    assert float(gap[usable & (dataset.fast_in_timescales < 10)].median()) > 4 * float(gap[slow_rise].median())


def test_offset_follows_area_times_mean_times_rise() -> None:
    """Fig. 5C: offset = I s tau_f (Eq. 36) once the rise is slower than the kernel and the fall much slower still."""
    dataset = offset.compute(protocols=400)
    usable = dataset.linear & (dataset.fast_in_timescales > 20) & (dataset.slow > 6 * dataset.fast)
    assert usable.sum() > 50
    ratio = dataset.offset[usable] / dataset.predicted_offset[usable]
    assert 0.8 < float(ratio.median()) < 1.05
    assert np.corrcoef(dataset.offset[usable], dataset.predicted_offset[usable])[0, 1] > 0.95
    exact = dataset.exact_offset[usable] / dataset.predicted_offset[usable]
    assert 0.9 < float(exact.median()) < 1.02


def test_the_texts_threshold_leaves_hardly_any_linear_curve() -> None:
    assert float(offset.compute(protocols=100, threshold="adaptive").linear.mean()) < 0.15
    assert float(offset.compute(protocols=100).linear.mean()) > 0.7


def test_offset_falls_with_dissipation_and_saturates() -> None:
    """Fig. 6B, for five levels: kernel area, and with it the offset, stop falling once the end levels limit them."""
    dataset = dissipation.compute(ladders=1500, amplitudes=100)
    sigma, area = dataset.entropy_production_rate, dataset.kernel_area

    def typical(variable: xr.DataArray, low: float, high: float) -> float:
        return float(np.abs(variable[(sigma > low) & (sigma < high)]).median())

    areas = [typical(area, *edges) for edges in ((0.05, 0.5), (1, 2), (4, 6), (10, 20), (25, 60))]
    assert areas[0] > 2 * areas[1] > 4 * areas[2]
    assert 0.8 < areas[4] / areas[3] < 1.25
    offsets = [typical(dataset.offset, *edges) for edges in ((0.5, 1.5), (4, 6), (10, 20), (25, 60))]
    assert offsets[0] > 3 * offsets[1]
    assert 0.8 < offsets[3] / offsets[2] < 1.25


def test_ladder_currents_circulate() -> None:
    dataset = ladder_currents.compute()
    assert_allclose(dataset.occupancy.sum(), 1.0)
    assert (dataset.horizontal_current > 0).all()
    assert_allclose(
        dataset.horizontal_current.sel(rail="top"), dataset.horizontal_current.sel(rail="bottom"), rtol=1e-10
    )
    assert_allclose(dataset.plaquette_current, -dataset.horizontal_current.sel(rail="top"))
    assert_allclose(dataset.vertical_current.sum(), 0.0, atol=1e-12)
    assert_allclose(dataset.entropy_production_rate, 2 * np.log(1e3) * dataset.horizontal_current.sel(rail="top").sum())


def test_ramp_speed_rises_to_one() -> None:
    ratio = ramp_speed.compute().relative_update
    assert (np.diff(ratio) > 0).all()
    assert float(ratio[-1]) == pytest.approx(0.978, abs=5e-4)
    assert ratio.size == 79


def test_curves_approach_their_ideal_lines() -> None:
    dataset = update_curve.compute()
    largest = dataset.isel(amplitude=-1)
    assert_allclose(largest.weight_update, largest.ideal_update, rtol=0.08)
    assert (dataset.weight_update.where(dataset.amplitude < dataset.opening - 0.5, 0.0) == 0).all()


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: dissipation.compute(ladders=0), "ladders"),
        (lambda: dissipation.compute(30, amplitudes=2), "amplitudes"),
        (lambda: dissipation.compute(30, window=0.0), "window"),
        (lambda: dissipation.compute(30, dissipation_rate_factor=-1.0), "dissipation_rate_factor"),
        (lambda: dissipation.compute(30, index_factor=np.nan), "index_factor"),
        (lambda: dynamic_range.compute(protocols=-1), "protocols"),
        (lambda: offset.compute(10, threshold="none"), "threshold"),
        (lambda: ramp_speed.compute(1), "points"),
        (lambda: ladder_currents.compute(gamma=0.0), "gamma"),
        (lambda: learning_cost.compute(gamma=[0.1, 0.0]), "gamma"),
        (lambda: learning_cost.compute(fast=[np.nan]), "fast"),
        (lambda: learning_cost.compute(fast=[]), "fast.shape"),
        (lambda: learning_cost.compute(shares=[2.5]), "shares"),
        (lambda: learning_cost.compute(mean=-1.0), "mean"),
        (lambda: gradient_angle.compute(areas=[-1.0]), "areas"),
        (lambda: gradient_angle.compute(ramps=[]), "ramps"),
        (lambda: gradient_angle.compute(examples=10), "examples"),
        (lambda: accuracy_dissipation.compute(gamma=[0.0]), "gamma"),
        (lambda: accuracy_dissipation.compute(seeds=0), "seeds"),
        (lambda: mnist.compute(seeds=0), "seeds"),
    ],
)
def test_bad_input_is_named(call: Any, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        call()


def test_command_saves_and_guards_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["ramp_speed", "ladder_currents", "--out", str(tmp_path / "new")]
    assert main(arguments) == 0
    assert load_netcdf(tmp_path / "new" / "ramp_speed.nc").sizes["fast"] == 79
    before = (tmp_path / "new" / "ramp_speed.nc").read_bytes()
    assert main(arguments) == 1
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "new" / "ramp_speed.nc").read_bytes() == before
    assert main([*arguments, "--force"]) == 0
    assert main(["ramp_speed", "--out", str(tmp_path / "new" / "ramp_speed.nc")]) == 1
    assert "name a folder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["no_such_set"])
    assert "dissipation" in capsys.readouterr().err


def test_learning_costs_what_the_models_say() -> None:
    data = learning_cost.compute([0.1, 1e-4], [30.0, 120.0], [0.02])
    cost, error = data.entropy_production, data.relative_error
    ladder = Ladder(1e-4, n_levels=12, reference_level=4)
    steady = ladder.entropy_production_rate(100.0) * 180.0
    one = {"design": 1, "fast": 0, "amplitude": 0}
    assert_allclose(cost.sel(model="small-signal kernel", gamma=1e-4).isel(one), steady, rtol=1e-12)
    # a small slow signal costs the driven ladder next to nothing beyond its steady state, and it learns as its kernel
    assert_allclose(cost.sel(model="driven", gamma=1e-4).isel(one), steady, rtol=1e-4)
    difference = data.weight_update.sel(model="driven") / data.weight_update.sel(model="small-signal kernel")
    assert_allclose(difference.isel(design=1).sel(gamma=1e-4), 1.0, atol=2e-3)
    longer = error.isel(design=1, amplitude=0).sel(model="driven", gamma=1e-4)
    assert longer[1] < 0.3 * longer[0]  # four times the time: the lag fades as its inverse
    assert_allclose(data.entropy_production_bits, cost / np.log(2.0))
    # an error of one or more tells nothing, at infinite cost; else bits and their cost multiply to the entropy
    assert (np.isinf(data.cost_per_bit) == (error >= 1.0)).all()
    assert (error >= 1.0).any() and (error < 1.0).any()
    telling = error < 1.0
    assert_allclose((data.cost_per_bit * data.bits).values[telling], data.entropy_production_bits.values[telling])
