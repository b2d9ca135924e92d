"""``thermo-cl sweep`` and ``thermo-cl info``: what the library does, told in lines."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from tests.command_line import refused, run
from thermo_cl.sweep import Design, integers, load_netcdf, log_uniform, open_store, sweep, uniform
from thermo_cl.sweep.specification import load_specification

SWEEP = """
function = "ladder"
sampler = "sobol"
points = 50
seed = 3
[parameters]
gamma = {low = 1e-25, high = 1, scale = "log"}
signal = {low = 5, high = 250, scale = "integer"}
rate_factor = {low = 1.0, high = 100.0}
n_levels = [5, 8]
energy_step = 2
"""
GRID = """
function = "ladder-curves"
sampler = "grid"
[parameters]
gamma = {low = 1e-4, high = 1e-1, scale = "log", count = 4}
signal = {low = 100, high = 102, scale = "integer"}
rate_factor = {low = 1, high = 3, count = 3}
[options]
amplitudes = 20
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "design.toml").write_text(SWEEP)
    (tmp_path / "grid.toml").write_text(GRID)
    return tmp_path


def test_sweep_is_the_library_s(written) -> None:
    answer = run("sweep", "design.toml", "--store", "out.zarr", "--chunk", 20)
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "50 points in out.zarr\n", "")
    design = Design.sobol(
        50, rng=3, gamma=log_uniform(1e-25, 1.0), signal=integers(5, 250), rate_factor=uniform(1.0, 100.0),
        n_levels=[5, 8], energy_step=2,
    )  # fmt: skip
    expected = sweep(design, "ladder")
    xr.testing.assert_identical(open_store("out.zarr").load(), expected)
    assert run("sweep", "design.toml", "--store", "out.nc", "--quiet").stdout == ""
    xr.testing.assert_identical(load_netcdf("out.nc"), expected)


def test_grids_have_every_combination(written) -> None:
    specification = load_specification("grid.toml")
    found = specification.design.points()
    assert len(specification.design) == 4 * 2 * 3
    np.testing.assert_allclose(found["gamma"][::6], [1e-4, 1e-3, 1e-2, 1e-1])
    np.testing.assert_array_equal(np.unique(found["signal"]), [100, 101])
    np.testing.assert_array_equal(found["rate_factor"][:3], [1.0, 2.0, 3.0])
    assert dict(specification.function.options) == {"amplitudes": 20}


def test_info_tells_what_there_is_and_what_made_it(written) -> None:
    run("sweep", "design.toml", "--store", "out.zarr", "--chunk", 20)
    told = run("info", "out.zarr", "--verify").stdout
    assert told.startswith("out.zarr: zarr, complete (3 chunks), every checksum right\npoint 50\n")
    assert "entropy_production_rate  (point)  k_B per ladder time unit" in told
    assert "seed: 3" in told and "design_hash: " in told and "git_revision: " in told
    document = json.loads(run("info", "out.zarr", "--json").stdout)
    assert (document["complete"], document["chunks_done"], document["sizes"]) == (True, 3, {"point": 50})
    file = written / "out.zarr" / "area" / "c" / "1"
    file.write_bytes(b"nonsense")
    assert "2 of 3 chunks done, 1 damaged" in run("info", "out.zarr", "--verify").stdout
    answer = run("sweep", "design.toml", "--store", "out.zarr", "--chunk", 20, "--resume")
    assert answer.stdout == "2 of 3 chunks taken over, 1 damaged and computed again\n50 points in out.zarr\n"
    run("sweep", "design.toml", "--store", "out.nc")
    assert run("info", "out.nc").stdout.startswith("out.nc: netcdf, complete\npoint 50\n")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("seed", "sead", "sead = 3 is not valid: it must be left out or one of function, sampler"),
        ("seed", "sead", "the nearest: seed"),
        ('"ladder"', '"laddre"', "function = 'laddre'"),
        ('"sobol"', '"soboll"', "the nearest: sobol"),
        ("rate_factor", "rate_facter", "the nearest: rate_factor"),
        ("gamma =", "# gamma =", "gamma must be given"),
        ("points = 50", "points = 0", "points = 0"),
        ("points = 50", "", "points = None is not valid: it must be given"),
        ("seed = 3", "seed = -3", "seed = -3"),
        ("low = 1e-25", "low = 0", "parameters.gamma.low = 0.0"),
        ("low = 1e-25, ", "", "parameters.gamma.low = None"),
        ("low = 1e-25", "lwo = 1e-25", "parameters.gamma.lwo"),
        ('"log"', '"logg"', "the nearest: log"),
        ('"log"', '"log", count = 3', "only a grid counts values"),
        ("[5, 8]", "[5, true]", "parameters.n_levels = [5, True]"),
        ("[5, 8]", "[5, nan]", "n_levels = nan is not valid: it must be finite in every row; not in row 1"),
        ("[5, 8]", '"five"', "parameters.n_levels = 'five'"),
        ("energy_step = 2", "energy_step = 2\n[options]\namplitudes = 3", "options.amplitudes = 3"),
        ("[parameters]", "parameters = 3\n[other]", "other = "),
        ("function", "function = 3 =", "it must be a TOML file"),
    ],
)
def test_designs_are_refused_with_the_entry_to_change(written, before: str, after: str, said: str) -> None:
    (written / "bad.toml").write_text(SWEEP.replace(before, after, 1))
    refused(["sweep", "bad.toml", "--store", "out.zarr"], said)
    assert not (written / "out.zarr").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sweep", "none.toml", "--store", "out.zarr"], "No such file"),
        (["sweep", "design.toml", "--store", "out.csv"], "--store = 'out.csv'"),
        (["sweep", "design.toml", "--store", "out.zarr", "--chunk", 0], "--chunk = 0"),
        (["sweep", "design.toml", "--store", "out.zarr", "--resume"], "no sweep in out.zarr to resume"),
        (["sweep", "design.toml", "--store", "out.zarr", "--scheduler", "nowhere::x"], "--scheduler = 'nowhere::x'"),
        (["info", "none.zarr"], "none.zarr does not exist"),
    ],
)
def test_commands_are_refused_before_anything_is_made(written, arguments, said: str) -> None:
    refused(arguments, said)
    assert sorted(p.name for p in written.iterdir()) == ["design.toml", "grid.toml"]
