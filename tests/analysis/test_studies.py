"""The studies that train networks: what they store, and that they go on where they were interrupted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from analysis import _training, accuracy_dissipation, mnist
from tests.analysis.tiny import tiny_configuration, tiny_rules
from thermo_cl import Ladder
from thermo_cl.learning import run

LADDERS = {
    "gamma": [0.1, 1e-3], "designs": [(5, 1), (12, 4)], "copies": [1e6], "noisy": [(8, 2, 1e-2)], "epochs": 2,
    "seeds": 2,
}  # fmt: skip


def test_runs_of_the_study_are_those_of_the_configurations() -> None:
    study = mnist.compute(tiny_rules(), seeds=2, workers=1, rng=4)
    assert dict(study.sizes) == {"rule": 3, "seed": 2, "epoch": 2, "parameter": 4}
    for rule, configuration in tiny_rules().items():
        alone = run(configuration.replaced(seed=5)).metrics
        for name, values in alone.data_vars.items():
            np.testing.assert_array_equal(study[name].sel(rule=rule, seed=5), values)
    assert set(json.loads(study.attrs["parameters"])["configurations"]) == set(mnist.RULES)
    assert study.attrs["seed"] == "4"
    for variable in (*study.data_vars.values(), *study.coords.values()):
        assert variable.attrs["long_name"] and variable.attrs["units"]


def test_interrupted_study_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = mnist.compute(tiny_rules(), seeds=1, workers=1)
    first = next(iter(tiny_rules().values()))
    run(first.replaced(epochs=1), tmp_path / f"{first.name}-seed0")  # stopped after one of two epochs
    xr.testing.assert_identical(mnist.compute(tiny_rules(), seeds=1, workers=1, folder=tmp_path), whole)
    kept = {path.name for path in (tmp_path / f"{first.name}-seed0").iterdir()}
    assert {"metrics.nc", "training.log"} <= kept and "checkpoint.npz" not in kept
    monkeypatch.setattr(_training, "run", None)  # nothing is run twice
    xr.testing.assert_identical(mnist.compute(tiny_rules(), seeds=1, workers=1, folder=tmp_path), whole)


def test_another_run_of_that_name_is_replaced(tmp_path: Path) -> None:
    short = mnist.compute(tiny_rules(), seeds=1, epochs=1, workers=1, folder=tmp_path)
    longer = mnist.compute(tiny_rules(), seeds=1, epochs=2, workers=1, folder=tmp_path)
    assert (short.sizes["epoch"], longer.sizes["epoch"]) == (1, 2)


def test_processes_change_nothing() -> None:
    chosen = {"temporal contrast": tiny_rules()["temporal contrast"]}
    beside = mnist.compute(chosen, seeds=2, workers=2)
    xr.testing.assert_identical(beside, mnist.compute(chosen, seeds=2, workers=1))


def test_ladders_cost_what_the_library_says() -> None:
    data = accuracy_dissipation.compute(**LADDERS, base=tiny_configuration("falk2025-mnist"), workers=1)
    assert data["holdout_error"].dims == ("design", "gamma", "thresholds", "seed", "epoch")
    assert data["holdout_error"].shape == (2, 2, 2, 2, 2)
    assert data["noisy_holdout_error"].shape == (1, 1, 2)
    ladder = Ladder(1e-3, n_levels=12, reference_level=4)
    one = data.isel(design=1).sel(gamma=1e-3)
    np.testing.assert_allclose(one["entropy_production_rate"], ladder.entropy_production_rate(), rtol=1e-13)
    np.testing.assert_allclose(one["entropy_per_cycle"], 150.0 * ladder.entropy_production_rate(), rtol=1e-13)
    np.testing.assert_allclose(one["kernel_area"], ladder.step_kernel(200.0).normalized().area, rtol=1e-9)
    noisy = Ladder(1e-2, n_levels=8, reference_level=2)
    np.testing.assert_allclose(
        data["noisy_entropy_per_cycle"], 1e6 * 150.0 * noisy.entropy_production_rate(), rtol=1e-12
    )
    for variable in (*data.data_vars.values(), *data.coords.values()):
        assert variable.attrs["long_name"] and variable.attrs["units"]


def test_ladders_are_the_papers_run_but_for_the_kernel() -> None:
    paper = tiny_configuration("falk2025-mnist")
    ladder = accuracy_dissipation._configuration(paper, 12, 4, 1e-3, 0, 2, 0)
    gain = abs(paper.rule.factor * float(paper.rule.kernel.first_moment))
    assert abs(ladder.rule.factor) == pytest.approx(gain)
    contrast = {name: level * 15.0 for name, level in ladder.rule.thresholds.items()}
    paper_contrast = {
        name: level * 0.1 / abs(float(paper.rule.kernel.first_moment)) for name, level in paper.rule.thresholds.items()
    }
    assert contrast == pytest.approx(paper_contrast)
    raised = accuracy_dissipation._configuration(paper, 12, 4, 0.1, 1, 2, 0).rule
    plain = accuracy_dissipation._configuration(paper, 12, 4, 0.1, 0, 2, 0).rule
    for name in plain.thresholds:
        assert raised.thresholds[name] - plain.thresholds[name] == pytest.approx(float(plain.kernel.area), rel=1e-6)
