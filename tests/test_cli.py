"""The command line says what the library says, refuses bad input before work, and leaves nothing half-written."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import thermo_cl as tcl
from tests.command_line import refused, results, run
from thermo_cl.cli.curve import curve
from thermo_cl.cli.dissipation import dissipation
from thermo_cl.cli.kernel import kernel
from thermo_cl.sweep import load_netcdf

COMMANDS = {
    "kernel": ["kernel", "--gamma", "1e-3"],
    "curve": ["curve"],
    "ladder curve": ["curve", "--gamma", "1e-3"],
    "dissipation": ["dissipation", "--gamma", "0.1,1e-3"],
}
every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())


# ------------------------------------------------------------------- numbers


@pytest.mark.parametrize("choice", ["--normalized", "--raw"])
def test_kernel_agrees_with_the_library(choice):
    found = results("kernel", "--gamma", 0.01, "--levels", 6, "--signal", 100, "--baseline", 5, choice)
    ladder = tcl.Ladder(0.01, n_levels=6)
    raw = ladder.step_kernel(100.0, 5.0)
    shown = raw if choice == "--raw" else raw.normalized()
    assert found["entropy_production_rate"] == ladder.entropy_production_rate(5.0)
    assert found["entropy_production_rate_after"] == ladder.entropy_production_rate(100.0)
    assert (found["raw_area"], found["raw_first_moment"]) == (raw.area, raw.first_moment)
    assert (found["area"], found["first_moment"]) == (shown.area, shown.first_moment)
    np.testing.assert_array_equal(found["kernel"], shown(np.array(found["time"])))
    np.testing.assert_array_equal(found["step_response"], shown.step_response(np.array(found["time"])))


def test_kernel_is_the_sum_of_its_modes():
    found = results("kernel", "--gamma", 3.0, "--linear-time", "--until", 2, "--samples", 11)
    assert found["time"] == pytest.approx(np.linspace(0.0, 2.0, 11), abs=0)
    rate = -np.array(found["relaxation_rate"]) + 1j * np.array(found["angular_frequency"])
    weight = np.array(found["coefficient_real"]) + 1j * np.array(found["coefficient_imag"])
    total = (weight * np.exp(np.multiply.outer(found["time"], rate))).real.sum(axis=-1)
    np.testing.assert_allclose(total, found["kernel"], rtol=1e-12)
    assert sum(found["area_part"]) == pytest.approx(found["area"], rel=1e-9)
    assert found["relaxation_time"] == sorted(found["relaxation_time"], reverse=True)


def test_chemotaxis_curve_agrees_with_the_library():
    found = results("curve", "--area", 0.05, "--decay-rate", 30, "--fast", 1, "--slow", 9, "--mean", 2)
    memory, protocol = tcl.chemotaxis_kernel(0.05, 30.0), tcl.Sawtooth(1.0, 9.0, mean=2.0)
    theta = tcl.adaptive_threshold(memory, protocol, 50.0)
    amplitude = np.array(found["amplitude"])
    update = tcl.weight_update(memory, protocol, amplitude, threshold=theta)
    exact = tcl.exact_window_metrics(memory, protocol, threshold=theta, amplitude_max=50.0)
    assert found["threshold"] == theta
    assert amplitude[-1] < 1.25 * 50.0
    np.testing.assert_array_equal(found["weight_update"], update)
    assert (found["opening"], found["breakthrough"]) == tcl.amplitude_window(memory, protocol, threshold=theta)
    assert found["exact_offset"] == exact.offset
    assert found["exact_dynamic_range"] == exact.dynamic_range
    part = amplitude < 0.75 * 50.0 - 1e-9
    recipe = tcl.segment_metrics(amplitude[part], update[part], amplitude_max=50.0)
    assert found["offset"] == pytest.approx(recipe.offset, rel=1e-12)


def test_without_area_the_default_threshold_is_that_of_the_slow_ramp():
    assert results("curve", "--slow", 10, "--amplitude-max", 40)["threshold"] == 4.0


def test_ladder_curve_and_dissipation_agree_with_the_library_and_each_other():
    options = ("--window", 5, "--ladder-units", 4, "--slow", 20)
    one = results("curve", "--gamma", 1e-3, *options)
    many = results("dissipation", "--gamma", "0.1,1e-3", "--gamma", 1e-10, *options)
    ladders = tcl.Ladder([0.1, 1e-3, 1e-10])
    raw = ladders.step_kernel(200.0).windowed(5.0)
    memory, protocol = raw.rescaled(4.0).normalized(), tcl.Sawtooth(3.0, 20.0, mean=10.0)
    theta = tcl.adaptive_threshold(memory, protocol, 50.0)
    exact = tcl.exact_crossing_metrics(memory, protocol, threshold=theta, amplitude_max=50.0)
    assert many["gamma"] == [0.1, 1e-3, 1e-10]
    np.testing.assert_array_equal(many["entropy_production_rate"], ladders.entropy_production_rate(0.0))
    np.testing.assert_array_equal(many["first_moment"], raw.first_moment)
    np.testing.assert_array_equal(many["kernel_area"], memory.area)
    np.testing.assert_array_equal(many["exact_offset"], exact.offset)
    update = tcl.weight_update(memory, protocol, np.array(many["amplitude"]), threshold=theta)
    recipe = tcl.crossing_metrics(np.array(many["amplitude"]), update, amplitude_max=50.0)
    np.testing.assert_array_equal(many["offset"], recipe.offset)
    np.testing.assert_array_equal(many["dynamic_range"], recipe.dynamic_range)
    for name in ("offset", "dynamic_range", "kernel_area", "threshold", "breakthrough", "exact_amplitude_min"):
        assert many[name][1] == pytest.approx(one[name], rel=1e-9)


def test_a_number_that_is_not_finite_is_null():
    found = results("dissipation", "--gamma", "1")  # no drive, no update, no line through it
    assert found["offset"] == [None]
    assert found["linear"] == [False]


def test_parameters_are_told_with_their_defaults_and_only_where_they_apply():
    ladder = json.loads(run("curve", "--gamma", 0.1, "--json").stdout)["parameters"]
    chemotaxis = json.loads(run("curve", "--json").stdout)["parameters"]
    assert ladder["gamma"] == 0.1
    assert ladder["ladder_units"] == 5.0
    assert ladder["window"] is None
    assert "decay_rate" not in ladder
    assert chemotaxis["decay_rate"] == 20.0
    assert "levels" not in chemotaxis


@pytest.mark.parametrize("command", [kernel, curve, dissipation])
def test_defaults_of_the_ladder_are_the_library_s(command):
    options = inspect.signature(command).parameters
    ladder = tcl.Ladder(1.0)
    assert options["levels"].default == ladder.n_levels
    for name in ("rate_factor", "reference_level", "energy_step"):
        assert options[name].default == getattr(ladder, name)
    step = inspect.signature(tcl.Ladder.step_kernel).parameters
    assert all(options[name].default == step[name].default for name in ("signal", "baseline"))


# -------------------------------------------------------------------- tables


@every_command
def test_table_is_aligned_and_carries_units(command):
    answer = run(*command)
    assert answer.exit_code == 0
    assert answer.stderr == ""
    assert "time unit" in answer.stdout
    assert "\x1b" not in answer.stdout
    assert not any(line != line.rstrip() for line in answer.stdout.splitlines())


def test_curve_table_has_ten_rows():
    lines = run("curve").stdout.splitlines()
    start = next(i for i, line in enumerate(lines) if line.split()[:1] == ["amplitude"])
    assert len([line for line in lines[start + 2 :] if line]) == 10


def test_what_a_reader_must_not_miss_is_said():
    assert "breaks through the threshold" in run("curve", "--gamma", 1e-3).stdout
    assert "follows -ds/dt" in run("curve", "--gamma", 0.5).stdout
    assert "does not adapt" in run("kernel", "--gamma", 0.5).stdout
    assert "note:" not in run("curve").stdout


# --------------------------------------------------------------------- files


@every_command
def test_saved_file_reopens_with_units_and_provenance(command, tmp_path):
    target = tmp_path / "set.nc"
    answer = run(*command, "--save", target, "--json")
    assert answer.exit_code == 0, answer.output
    assert str(target) in answer.stderr
    dataset = load_netcdf(target)
    assert all(variable.attrs["units"] and variable.attrs["long_name"] for variable in dataset.variables.values())
    assert json.loads(dataset.attrs["versions"])["thermo-cl"] == tcl.__version__
    document = json.loads(answer.stdout)
    assert json.loads(dataset.attrs["parameters"]) == document["parameters"]
    for name, value in document["results"].items():
        np.testing.assert_array_equal(dataset[name].values, np.array(value, dtype=dataset[name].dtype))


@every_command
@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_plot_is_written_in_the_format_of_its_name(command, suffix, tmp_path):
    pytest.importorskip("matplotlib")
    target = tmp_path / f"figure.{suffix}"
    assert run(*command, "--plot", target).exit_code == 0
    head = target.read_bytes()[:200]
    assert {"png": b"PNG", "pdf": b"%PDF", "svg": b"<?xml"}[suffix] in head
    assert list(tmp_path.iterdir()) == [target]


@every_command
@pytest.mark.parametrize(("option", "name"), [("--save", "old.nc"), ("--plot", "old.png")])
def test_existing_output_is_kept_without_force(command, option, name, tmp_path):
    pytest.importorskip("matplotlib")
    target = tmp_path / name
    target.write_bytes(b"precious")
    refused([*command, option, target], "--force")
    assert target.read_bytes() == b"precious"
    assert run(*command, option, target, "--force").exit_code == 0
    assert target.read_bytes() != b"precious"


def test_one_bad_destination_stops_both(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "old.png").write_bytes(b"precious")
    refused([*COMMANDS["kernel"], "--save", tmp_path / "new.nc", "--plot", tmp_path / "old.png"], "old.png")
    assert [path.name for path in tmp_path.iterdir()] == ["old.png"]


@pytest.mark.parametrize(("option", "name"), [("--plot", "figure.gif"), ("--plot", "figure"), ("--save", "set.csv")])
def test_unknown_suffix_is_refused(option, name, tmp_path):
    refused([*COMMANDS["kernel"], option, tmp_path / name], option, name, "must be")
    assert not list(tmp_path.iterdir())


def test_missing_folder_is_refused(tmp_path):
    refused([*COMMANDS["kernel"], "--save", tmp_path / "no" / "set.nc"], "does not exist")
    assert not list(tmp_path.iterdir())


def test_folder_as_a_file_is_refused(tmp_path):
    (tmp_path / "set.nc").mkdir()
    refused([*COMMANDS["kernel"], "--save", tmp_path / "set.nc", "--force"], "is a folder")


def test_folder_without_permission_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere, so permission is played
    refused([*COMMANDS["kernel"], "--save", tmp_path / "set.nc"], "not writable")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_refuses_leaves_nothing(tmp_path, monkeypatch):
    def full(self, content):
        self.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    refused([*COMMANDS["kernel"], "--save", tmp_path / "set.nc"], "No space left")
    assert not list(tmp_path.iterdir())


def test_without_matplotlib_a_plot_is_refused_before_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr(tcl.Ladder, "step_kernel", lambda *_: pytest.fail("work started"))
    refused([*COMMANDS["kernel"], "--plot", tmp_path / "f.png"], "needs matplotlib: install thermo-cl[plot]")
    assert not list(tmp_path.iterdir())


# ----------------------------------------------------------------- bad input

BAD = [
    (["kernel", "--gamma", "0"], "--gamma = 0.0"),
    (["kernel", "--gamma", "nan"], "--gamma = nan"),
    (["kernel", "--gamma", "-1"], "--gamma = -1.0"),
    (["curve", "--gamma", "0"], "--gamma = 0.0"),
    (["dissipation", "--gamma", "0.1,-2"], "--gamma = -2.0"),
    (["dissipation", "--gamma", "0.1,x"], "--gamma = '0.1,x'"),
    (["dissipation", "--gamma", "0.1,"], "--gamma = '0.1,'"),
    (["kernel", "--gamma", "0.1", "--levels", "1"], "--levels = 1"),
    (["curve", "--gamma", "0.1", "--levels", "1"], "--levels = 1"),
    (["kernel", "--gamma", "0.1", "--rate-factor", "0"], "--rate-factor"),
    (["kernel", "--gamma", "0.1", "--energy-step", "inf"], "--energy-step"),
    (["kernel", "--gamma", "0.1", "--reference-level", "1000"], "energy_step * (reference_level - level)"),
    (["kernel", "--gamma", "0.1", "--signal", "-3"], "--signal = -3.0"),
    (["kernel", "--gamma", "0.1", "--baseline", "-3"], "--baseline = -3.0"),
    (["kernel", "--gamma", "0.1", "--baseline", "200"], "--signal = 200.0"),
    (["kernel", "--gamma", "0.1", "--window", "0"], "--window = 0.0"),
    (["kernel", "--gamma", "0.1", "--samples", "1"], "--samples = 1"),
    (["kernel", "--gamma", "0.1", "--until", "0"], "--until = 0.0"),
    (["kernel", "--gamma", "0.1", "--until", "1e-9"], "--until = 1e-09"),
    (["curve", "--fast", "0"], "--fast = 0.0"),
    (["dissipation", "--gamma", "0.1", "--fast", "0"], "--fast = 0.0"),
    (["curve", "--slow", "nan"], "--slow = nan"),
    (["curve", "--threshold", "-1"], "--threshold = -1.0"),
    (["curve", "--amplitudes", "9"], "--amplitudes = 9"),
    (["curve", "--amplitude-max", "0"], "--amplitude-max = 0.0"),
    (["curve", "--decay-rate", "0"], "--decay-rate = 0.0"),
    (["curve", "--gamma", "0.1", "--ladder-units", "0"], "--ladder-units = 0.0"),
    (["curve", "--gamma", "0.1", "--area", "0"], "--area = 0.0"),
    (["curve", "--levels", "5"], "--levels = 5"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_input_is_named_and_leaves_no_file(arguments, said, tmp_path):
    refused([*arguments, "--save", tmp_path / "set.nc"], said)
    assert not list(tmp_path.iterdir())


def test_a_kernel_that_cannot_be_normalised_is_an_error(monkeypatch):
    vanishing = tcl.Kernel([1.0, -4.0], [-1.0, -2.0])
    monkeypatch.setattr(tcl.Ladder, "step_kernel", lambda *_, **__: vanishing)
    refused(["kernel", "--gamma", 0.1], "first moment")


@pytest.mark.parametrize(("error", "said"), [(MemoryError, "not enough memory"), (ZeroDivisionError, "floating point")])
def test_work_that_cannot_be_done_is_told_in_one_line(error, said, tmp_path, monkeypatch):
    def fail(*_):
        raise error

    monkeypatch.setattr(tcl.Ladder, "step_kernel", fail)
    refused([*COMMANDS["kernel"], "--save", tmp_path / "set.nc"], said)
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------- the program


def test_version_and_citation():
    assert run("--version").stdout == f"thermo-cl {tcl.__version__}\n"
    text = run("--cite").stdout
    for mark in (tcl.__version__, "10.1038/s41467-025-57043-x", "2312.17723", "2302.12431", "2402.08573"):
        assert mark in text


@pytest.mark.parametrize("command", ["kernel", "curve", "dissipation", "derive"])
def test_help_has_an_example_that_works(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = run(command, "--help").stdout
    example = text.rstrip().splitlines()[-1].split()
    assert example[:2] == ["thermo-cl", command]
    assert run(*example[1:]).exit_code == 0


def test_help_is_quick():
    code = "import sys, thermo_cl.cli; print({'xarray', 'numba', 'pwlf', 'matplotlib', 'sympy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
