"""``thermo-cl train``: what the library trains, kept in a folder, refused before work, interrupted and resumed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.command_line import HEED_CTRL_C, refused, results, run
from thermo_cl.learning import load_configuration
from thermo_cl.learning import run as run_configuration
from thermo_cl.sweep import load_netcdf

CONFIGURATION = """
name = "small"
[data]
set = "bars-and-stripes"
train = 20
holdout = 8
[network]
hidden = [6]
[rule]
name = "equilibrium-propagation"
[training]
epochs = 3
batch = 6
learning_rates = 0.2
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.toml"
    path.write_text(CONFIGURATION)
    return path


def test_train_is_the_library_s(config, tmp_path):
    found = results("train", "--config", config, "--seed", 5, "--out", "here")
    expected = run_configuration(load_configuration(config).replaced(seed=5)).metrics
    for name, variable in expected.variables.items():
        np.testing.assert_array_equal(np.array(found[name]), variable.values)
    xr.testing.assert_identical(load_netcdf(tmp_path / "here" / "metrics.nc"), expected)


def test_train_tells_every_epoch_and_the_end(config, tmp_path):
    answer = run("train", "--config", config)
    assert answer.exit_code == 0, answer.output
    metrics = load_netcdf(tmp_path / "runs" / "small-seed0" / "metrics.nc")
    lines = answer.stdout.splitlines()
    assert len(lines) == 8
    for epoch, line in enumerate(lines[:3], start=1):
        assert line.startswith(f"epoch {epoch}/3")
        assert f"holdout error {100 * float(metrics.holdout_error[epoch - 1]):6.2f} %" in line
    last = {name: f"{100 * float(metrics[name][-1]):.2f} %" for name in metrics if "_error" in name}
    lowest = int(metrics.holdout_error.values.argmin())
    best = f"lowest {100 * float(metrics.holdout_error[lowest]):.2f} % after epoch {lowest + 1}"
    assert lines[3:] == [
        "16-6-2 after 3 epochs",
        f"train error {last['train_error']} from kept states, {last['train_error_from_rest']} from rest; never 0",
        f"running error {last['running_error']}, the training error as the paper counts it; never 0",
        f"holdout error {last['holdout_error']} from kept states, {last['holdout_error_from_rest']} from rest; {best}",
        f"kept in {Path('runs', 'small-seed0')}",
    ]
    assert answer.stderr == ""  # no bar where there is no terminal
    quiet = run("train", "--config", config, "--quiet", "--force")
    assert quiet.stdout.splitlines() == lines[3:]


def test_train_prints_the_configuration_and_starts_nothing(config, tmp_path):
    answer = run("train", "--config", config, "--print-config", "--epochs", 9, "--seed", 2, "--data", "images")
    assert answer.exit_code == 0
    shown = tomllib.loads(answer.stdout)
    assert (shown["training"]["epochs"], shown["training"]["seed"], shown["data"]["folder"]) == (9, 2, "images")
    assert shown["relaxation"] == {"free_steps": 20, "clamped_steps": 4, "step_size": 0.5}
    assert [p.name for p in tmp_path.iterdir()] == ["small.toml"]
    assert tomllib.loads(run("train", "--config", "falk2025-mnist", "--print-config").stdout)["rule"]["gain"] == 5000


def test_train_goes_on_where_it_stopped(config):
    assert run("train", "--config", config, "--epochs", 1).exit_code == 0
    refused(["train", "--config", config], "runs/small-seed0 is not empty")
    refused(["train", "--config", config, "--resume", "--force"], "--resume = True is not valid")
    found = results("train", "--config", config, "--resume", "--epochs", 4)
    assert found["train_error"] == results("train", "--config", config, "--force", "--epochs", 4)["train_error"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--config", "nothing"], "--config = 'nothing' is not valid: it must be a TOML file"),
        (["--config", "small.toml", "--epochs", "0"], "training.epochs = 0"),
        (["--config", "small.toml", "--seed", "-1"], "training.seed = -1"),
        (["--config", "small.toml", "--resume"], "there is no run in runs/small-seed0 to resume"),
        (["--config", "small.toml", "--out", "small.toml"], "small.toml is not a folder"),
        (["--config", "small.toml", "--data", "here"], "data.folder = 'here'"),
        (["--config", "typo.toml"], "training.epoch = 3 is not valid"),
    ],
)
def test_train_refuses_before_it_starts(arguments, said, config, tmp_path):
    (tmp_path / "typo.toml").write_text(CONFIGURATION.replace("batch", "epoch = 3\nbatch"))
    refused(["train", *arguments], said)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["small.toml", "typo.toml"]


def test_train_tells_divergence_in_a_line(config, tmp_path):
    wild = CONFIGURATION.replace("0.2", "3e38").replace("hidden = [6]", 'hidden = [6]\nactivation = "tanh"')
    config.write_text(wild)
    refused(["train", "--config", config], "is not finite in epoch 1", "the network after epoch 0 is kept")
    assert (tmp_path / "runs" / "small-seed0" / "checkpoint.npz").exists()


def test_train_warns_of_silence_in_a_line(config):
    rule = 'name = "temporal-contrast"\nkernel = {family = "sine"}\nprotocol = {fast = 0.1, slow = 0.9}\nthresholds = 9'
    config.write_text(CONFIGURATION.replace('name = "equilibrium-propagation"', rule))
    answer = run("train", "--config", config)
    assert answer.exit_code == 0, answer.output
    warning = "warning: no entry of W1, b1, W2, b2 was updated in the first epoch; lower the thresholds"
    assert answer.stderr.startswith(warning)
    assert answer.stderr.count("\n") == 1


DUAL = """
name = "dual"
data = { set = "bars-and-stripes", train = 20, holdout = 8 }
network = { kind = "feed-forward", hidden = [6, 5] }
rule = { name = "dual-propagation", alpha = 1.0, beta = [0.1, 0.2, 0.3], form = "plain", carry = true }
training = { epochs = 2, batch = 6, optimizer = "adam", learning_rates = 0.01 }
"""


def test_train_goes_on_with_what_dual_propagation_carries(config):
    config.write_text(DUAL)
    answer = run("train", "--config", config)
    assert answer.exit_code == 0
    assert "%, counted before every update; " in answer.stdout
    assert "the paper" not in answer.stdout
    found = results("train", "--config", config, "--resume", "--epochs", 4)
    whole = run_configuration(load_configuration(config).replaced(epochs=4)).metrics
    for name, variable in whole.variables.items():
        np.testing.assert_array_equal(np.array(found[name]), variable.values)


def test_train_tells_an_inner_loop_that_diverges_in_a_line(config, tmp_path):
    wild = DUAL.replace("carry = true", "sweeps = 300").replace("[0.1, 0.2, 0.3]", "9").replace("0.01", "3.0")
    config.write_text(wild.replace("hidden", 'activation = "linear", hidden'))
    refused(["train", "--config", config], "minibatch", "stability number", "form = 'adjoint'", "is kept in")
    assert (tmp_path / "runs" / "dual-seed0" / "checkpoint.npz").exists()
    config.write_text(DUAL.replace("[0.1, 0.2, 0.3]", "[0.1]"))
    refused(["train", "--config", config], "rule.beta", "3 of them, one for each layer")


def test_train_stopped_by_ctrl_c_says_how_to_go_on(config, tmp_path):
    config.write_text(CONFIGURATION.replace("epochs = 3", "epochs = 100000"))
    program = HEED_CTRL_C + "from thermo_cl.cli import app; app()"
    command = [sys.executable, "-c", program, "train", "--config", "small.toml"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    log = tmp_path / "runs" / "small-seed0" / "training.log"
    end = time.monotonic() + 60
    while not (log.exists() and "epoch      2" in log.read_text()):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    folder = Path("runs", "small-seed0")
    assert said == (
        "interrupted; the last whole epoch is kept. "
        f"Continue with: thermo-cl train --out {folder} --resume --config small.toml\n"
    )
    with np.load(tmp_path / folder / "checkpoint.npz") as kept:
        done = int(kept["epoch"])
    assert done >= 2
    answer = run("train", "--out", folder, "--resume", "--config", "small.toml", "--epochs", done, "--json")
    expected = run_configuration(load_configuration(config).replaced(epochs=done)).metrics
    np.testing.assert_array_equal(json.loads(answer.stdout)["results"]["train_cost"], expected.train_cost)
