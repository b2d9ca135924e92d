"""What is taken away: netCDF and Python give the numbers of the page, and its words show nothing foreign."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from thermo_cl.explore import PRESETS, ExplorerSettings, compute, dataset, from_query, netcdf_bytes, python_lines
from thermo_cl.explore.numbers import code_html, message_html, tiles_html

CHOSEN = [
    *PRESETS.values(),
    ExplorerSettings(gamma=0.0123, levels=2, threshold=3.25, mean=-7.5, amplitude=0.0),
    ExplorerSettings(gamma=1.0, levels=24, reference_level=10.0),
]


@pytest.mark.parametrize("settings", CHOSEN)
def test_the_lines_run_and_give_every_number_of_the_file(settings: ExplorerSettings, capsys) -> None:
    view = compute(settings)
    names: dict[str, object] = {}
    exec(compile(python_lines(view), "view.py", "exec"), names)
    data = dataset(view)
    own = {"state", "level", "gap", "positive_area", "negative_area", "least_dissipation"}  # of the file alone
    own |= set() if np.isfinite(view.kernel.accuracy) else {"accuracy"}
    for name in set(data.variables) - own:
        assert_allclose(names[name], data[name].values, rtol=1e-13, err_msg=name)
    assert f"dissipation {names['dissipation']}" in capsys.readouterr().out
    assert all(len(line) <= 120 for line in python_lines(view).splitlines())


def test_the_lines_run_as_a_script(tmp_path: Path) -> None:
    script = tmp_path / "view.py"
    script.write_text(python_lines(compute(ExplorerSettings())))
    printed = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    values = dict(line.split() for line in printed.splitlines())
    assert float(values["dissipation"]) == pytest.approx(6.67350474910570617, rel=1e-14)
    assert set(values) >= {"raw_area", "threshold", "offset", "dynamic_range", "cost_per_cycle"}


@pytest.mark.parametrize("settings", CHOSEN)
def test_the_file_holds_the_view_with_names_and_units(settings: ExplorerSettings, tmp_path: Path) -> None:
    view = compute(settings)
    path = tmp_path / "view.nc"
    path.write_bytes(netcdf_bytes(view))
    data = xr.load_dataset(path, engine="h5netcdf")
    xr.testing.assert_identical(data, dataset(view))
    assert all(variable.attrs["long_name"] and variable.attrs["units"] for variable in data.variables.values())
    parameters = json.loads(data.attrs["parameters"])
    assert ExplorerSettings(**{name: parameters[name] for name in settings.__dataclass_fields__}) == settings
    assert ("weight_update" in data) is (view.synapse is not None)
    np.testing.assert_array_equal(data["occupancy_after"], view.ladder.after)


def test_words_show_nothing_foreign() -> None:
    query = {"gamma": ["<script>alert(1)</script>"], "<img src=x onerror=alert(1)>": ["1"], "mean": ['"><b>']}
    _, problems = from_query(query)
    shown = message_html(problems, "<i>")
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<b>" not in shown
    assert "<i>" not in shown
    assert "&lt;script&gt;" in shown
    assert shown.count("Its default is used") == 2
    assert shown.count("It is ignored") == 1
    assert code_html("a < b") == "<pre>a &lt; b</pre>"


def test_many_problems_are_counted() -> None:
    _, problems = from_query({f"name{k}": ["1"] for k in range(20)})
    assert "and 14 more" in message_html(problems)
    assert message_html(()) == ""


def test_numbers_say_what_there_is() -> None:
    paper = tiles_html(compute(ExplorerSettings()))
    for part in ("6.674", "k<sub>B</sub> / ladder time", "−0.01701", "adapts", "4.796", "23.3", "best n = 5: 2.909"):
        assert part in paper
    accurate = tiles_html(compute(PRESETS["Accurate"]))
    assert "·10⁻⁷" in accurate
    still = tiles_html(compute(PRESETS["Equilibrium"]))
    assert "in detailed balance" in still
    assert "does not adapt" in still
    assert "no linear regime" in still
