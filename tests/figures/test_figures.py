"""Every figure draws from small data sets, computes nothing beyond them, and is written whole or not at all."""

from __future__ import annotations

import importlib
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from figures import forward_forward
from figures.__main__ import NAMES, main
from tests.analysis.test_dual_propagation import TINY as DUAL
from tests.analysis.test_energy_schedules import TINY as ENERGY
from tests.analysis.test_forward_forward import FULL as WHOLE
from tests.analysis.test_forward_forward import TINY as FORWARD
from tests.analysis.test_free_networks import TINY as FREE
from tests.analysis.test_physical_learning import TINY as PHYSICAL
from tests.analysis.test_rbm_learning import TINY as BOLTZMANN
from tests.analysis.test_rules import TINY as RULES
from tests.analysis.tiny import tiny_configuration, tiny_rules
from thermo_cl.sweep import save_netcdf

SMALL = {
    "kernel_shape": {"samples": 60}, "update_curve": {"amplitudes": 40}, "ladder_currents": {"samples": 40},
    "dynamic_range": {"protocols": 30, "amplitudes": 80}, "offset": {"protocols": 30, "amplitudes": 80},
    "dissipation": {"ladders": 100, "amplitudes": 60}, "ramp_speed": {"points": 12},
    "learning_cost": {"gamma": [0.1, 1e-3], "fast": [15.0, 60.0], "shares": [0.5]},
    "phase_variance": {"stages": [0, 30], "probabilities": 5},
    "phase_bias": {"stage": 30, "longest": 10},
    "gradient_angle": {
        "areas": [1e-6, 1e-2], "factors": [0.5, 1.0], "ramps": [2.0, 50.0], "ratios": [9.0], "examples": 100,
        "minibatches": 1,
    },
    "frontier": {
        "levels": (5,), "ladders": 2**11, "targets": (8.0, 10.0), "memory_levels": (5,), "budgets": (1.5,),
        "relative_targets": (3.0,), "sample": 200,
    },
    "cost_law": {"designs": 400, "levels": [25, 50, 100], "accuracies": [2.0], "changes": [1.0], "optima": 5},
    "mnist": {"configurations": tiny_rules(), "seeds": 2, "workers": 1},
    "accuracy_dissipation": {
        "base": tiny_configuration("falk2025-mnist"), "gamma": [0.1, 1e-2], "designs": [(5, 1), (12, 4)],
        "copies": [1e6, 1e9], "noisy": [(12, 4, 1e-2)], "epochs": 1, "seeds": 2, "workers": 1,
    },
    "free_networks": FREE,
    "rbm_learning": BOLTZMANN,
    "energy_schedules": ENERGY,
    "dual_propagation": DUAL,
    "rules": RULES,
    "carriers": {"fractions": [1.0, 0.25], "samples": 41},
    "physical_learning": PHYSICAL,
    "forward_forward": FORWARD,
}  # fmt: skip


@pytest.fixture(scope="module")
def datasets() -> dict[str, xr.Dataset]:
    return {name: importlib.import_module(f"analysis.{name}").compute(**size) for name, size in SMALL.items()}


@pytest.mark.parametrize("name", NAMES)
def test_figures_have_labelled_axes(name: str, datasets: dict[str, xr.Dataset]) -> None:
    settings = dict(mpl.rcParams)
    module = importlib.import_module(f"figures.{name}")
    figure = module.draw(*(datasets[source] for source in module.DATASETS))
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    for axes in figure.axes:
        sides = axes.get_shared_y_axes().get_siblings(axes)
        if axes.get_label() == "<colorbar>":
            assert axes.get_xlabel() or axes.get_ylabel()  # along the one or the other
        elif axes.axison:
            assert any(side.get_ylabel() for side in sides)  # panels stacked over one time axis label it below only
    drawn = [axes for axes in figure.axes if axes.axison]  # none in a table
    assert not drawn or any(axes.get_xlabel() for axes in drawn)
    assert dict(mpl.rcParams) == settings  # the library's user keeps their own style


def test_all_of_mnist_is_shown_where_it_is_given() -> None:
    data = importlib.import_module("analysis.forward_forward").compute(**WHOLE)
    whole = forward_forward.draw(data)
    part = forward_forward.draw(data[[str(n) for n in data.data_vars if not str(n).startswith("full_")]])
    assert (len(part.axes), len(whole.axes)) == (4, 6)
    lines = {str(line.get_label()): line.get_ydata() for line in whole.axes[1].lines}
    for rule in data["full_rule"].values:
        np.testing.assert_allclose(lines[rule], 100 * data["full_error"].sel(full_rule=rule).mean("full_seed"))


def test_command_writes_pdf_and_png(
    datasets: dict[str, xr.Dataset], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_netcdf(datasets["ramp_speed"], tmp_path / "ramp_speed.nc")
    arguments = ["fig8", "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["fig8.pdf", "fig8.png"]
    before = (tmp_path / "out" / "fig8.pdf").read_bytes()
    assert before.startswith(b"%PDF")
    assert main(arguments) == 1
    assert "--force" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
    assert (tmp_path / "out" / "fig8.pdf").read_bytes() == before  # the same data give the same bytes
    assert main(["fig4c", "--data", str(tmp_path), "--out", str(tmp_path / "none")]) == 1
    assert "python -m analysis" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["fig99"])
    assert "fig8" in capsys.readouterr().err


def test_studies_that_nobody_ran_are_left_out_and_others_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = importlib.import_module("figures.__main__")
    monkeypatch.setattr(program, "STORED", tmp_path)
    monkeypatch.setattr(program, "NAMES", ("mnist", "rules"))
    out = tmp_path / "figures"
    assert main(["--data", str(tmp_path), "--out", str(out)]) == 0
    assert "mnist is left out: make its data first, by python -m analysis mnist" in capsys.readouterr().err
    assert list(out.iterdir()) == []
    assert main(["mnist", "--data", str(tmp_path), "--out", str(out)]) == 1
    monkeypatch.setattr(program, "NAMES", ("fig4c",))
    assert main(["--data", str(tmp_path), "--out", str(out)]) == 1
    assert "dynamic_range.nc" in capsys.readouterr().err
