"""Configurations: what the files say is what is run, and every mistake in one is named by its path."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
import xarray as xr

from thermo_cl import Ladder, Sawtooth, chemotaxis_kernel, integral_feedback_kernel, sine_kernel
from thermo_cl.errors import DataError, InvalidParameterError, NormalizationError
from thermo_cl.learning.energy import Relaxation, Tanh
from thermo_cl.learning.rules import Backpropagation, ContrastiveHebbian, EquilibriumPropagation, TemporalContrast
from thermo_cl.learning.training import RunConfiguration, load_configuration, run, shipped_configurations

LEAST = """
name = "least"
[data]
set = "bars-and-stripes"
train = 20
holdout = 8
[rule]
name = "equilibrium-propagation"
[training]
epochs = 2
learning_rates = 0.1
"""
CONTRAST = """
name = "temporal-contrast"
kernel = {family = "sine"}
protocol = {fast = 0.1, slow = 0.9}
thresholds = 1e-6
"""


def values(rule_text=None, **sections):
    """The least configuration with another rule, and with some entries of its sections changed or added."""
    tables = tomllib.loads(LEAST)
    if rule_text is not None:
        tables["rule"] = tomllib.loads(rule_text)
    for name, entries in sections.items():
        tables[name] = tables.get(name, {}) | entries
    return tables


def test_the_paper_s_run_is_as_published():
    paper = load_configuration("falk2025-mnist")
    assert (paper.data.name, paper.data.train, paper.data.holdout) == ("mnist12k", 10000, 2000)
    assert paper.network.hidden == (500,)
    assert (paper.network.activation, paper.network.scale, paper.network.dtype) == ("clip", 0.5, "float32")
    assert paper.relaxation == Relaxation(20, 4, 0.5)
    rule = paper.rule
    assert isinstance(rule, TemporalContrast)
    t = np.linspace(0.0, 0.1, 21)
    np.testing.assert_allclose(rule.kernel(t), np.sin(20 * np.pi * t) / 3.0, atol=1e-15)
    assert (rule.protocol.fast, rule.protocol.slow) == (0.1, 0.9)
    assert rule.thresholds == {"W1": 1.2e-6, "b1": 1e-5, "W2": 2e-5, "b2": 2e-4}
    assert (rule.nudge, rule.sides, rule.stages, rule.samples, rule.gain) == (0.5, "random", 8, 100, 5000.0)
    assert rule.convolution == "sampled"
    assert rule.relaxation == paper.relaxation
    training = paper.training
    assert (training.epochs, training.batch, training.shuffle, training.reference) == (35, 20, False, True)
    assert training.learning_rates == {"W1": 0.1, "b1": 0.1, "W2": 0.05, "b2": 0.05}


def test_the_other_mnist_runs_share_its_network_and_data():
    paper = load_configuration("falk2025-mnist")
    for name, kind in (
        ("mnist-equilibrium-propagation", EquilibriumPropagation),
        ("mnist-backpropagation", Backpropagation),
    ):
        other = load_configuration(name)
        assert isinstance(other.rule, kind)
        assert other.rule.relaxation == paper.relaxation
        assert (other.data, other.network, other.relaxation) == (paper.data, paper.network, paper.relaxation)
        assert (other.training.epochs, other.training.batch) == (paper.training.epochs, paper.training.batch)


@pytest.mark.parametrize("name", shipped_configurations())
def test_shipped_files_bear_their_names_and_survive_printing(name):
    configuration = load_configuration(name)
    assert configuration.name == name
    again = RunConfiguration.from_values(tomllib.loads(configuration.toml()))
    assert again.values == configuration.values
    assert again.toml() == configuration.toml()


def test_defaults_and_a_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(LEAST)
    found = load_configuration(path)
    assert found.network.hidden == (500,)
    assert found.relaxation == Relaxation()
    assert found.rule == EquilibriumPropagation()
    assert (found.training.batch, found.training.seed) == (20, 0)
    changed = found.replaced(epochs=7, seed=3)
    assert (changed.training.epochs, changed.training.seed, changed.training.batch) == (7, 3, 20)
    assert (found.training.epochs, found.training.seed) == (2, 0)
    assert found.replaced(folder="there").data.folder == "there"


def test_a_configured_run_is_the_run():
    tables = values(network={"hidden": [5], "activation": "tanh", "dtype": "float64"}, training={"seed": 4})
    found = RunConfiguration.from_values(tables)
    training, holdout = found.datasets()
    assert (len(training), len(holdout)) == (20, 8)
    net = found.initial_network(training)
    assert net.sizes == (16, 5, training.classes)
    assert isinstance(net.activation, Tanh)
    assert net.dtype == np.float64
    assert np.abs(net.weights[0]).max() <= 0.5 * np.sqrt(6.0 / 21.0)
    assert not np.array_equal(net.weights[0], found.replaced(seed=5).initial_network(training).weights[0])
    trained = run(found)
    assert trained.epochs == 2
    assert trained.metrics.attrs["seed"] == "4"
    assert "angle" in trained.metrics
    assert "angle" not in run(RunConfiguration.from_values(values(training={"reference": False}))).metrics


EIGHT = 'family = "ladder", gamma = 0.01, rate_factor = 30.0, levels = 8, reference_level = 2, signal = 150.0'
LADDER = Ladder(0.01, rate_factor=30.0, n_levels=8, reference_level=2.0).step_kernel(150.0)


@pytest.mark.parametrize(
    ("table", "kernel"),
    [
        ('{family = "sine", duration = 0.2, amplitude = 2}', sine_kernel(0.2, 2.0)),
        ('{family = "chemotaxis", area = 0.01, decay_rate = 40.0}', chemotaxis_kernel(0.01, 40.0)),
        ('{family = "integral-feedback", damping = 90.0, gain = 900.0}', integral_feedback_kernel(90.0, 900.0)),
        (
            f"{{{EIGHT}, ladder_units = 20.0}}",
            LADDER.rescaled(20.0).normalized(),
        ),
        (
            f"{{{EIGHT}, ladder_units = 20.0, window = 5.0}}",
            LADDER.windowed(5.0).rescaled(20.0).normalized(),
        ),
    ],
)
def test_kernels(table, kernel):
    rule = CONTRAST.replace('{family = "sine"}', table)
    found = RunConfiguration.from_values(values(rule)).rule.kernel
    t = np.linspace(0.0, 0.3, 31)
    np.testing.assert_array_equal(found(t), kernel(t))


def test_rule_entries_reach_the_rule():
    more = 'nudge = 0.25\nsides = "one"\nstages = 4\nsamples = 50\ngain = 3\nconvolution = "sampled"\n'
    rule = RunConfiguration.from_values(values(CONTRAST + more)).rule
    assert (rule.nudge, rule.sides, rule.stages, rule.samples) == (0.25, "one", 4, 50)
    assert (rule.gain, rule.convolution, rule.thresholds) == (3.0, "sampled", 1e-6)
    assert (rule.protocol.fast, rule.protocol.slow) == (Sawtooth(0.1, 0.9).fast, 0.9)
    exact = RunConfiguration.from_values(values(CONTRAST + 'samples = "exact"')).rule
    assert (exact.samples, exact.gain) == (None, None)
    other = 'name = "equilibrium-propagation"\nnudge = 0.1\nsides = "centred"'
    assert RunConfiguration.from_values(values(other)).rule == EquilibriumPropagation(0.1, "centred")
    other = 'name = "contrastive-hebbian"\ngain = 3'
    short = {"free_steps": 6, "clamped_steps": 2, "step_size": 0.25}
    found = RunConfiguration.from_values(values(other, relaxation=short)).rule
    assert found == ContrastiveHebbian(Relaxation(6, 2, 0.25), 3.0)
    found = RunConfiguration.from_values(values('name = "backpropagation"', relaxation=short)).rule
    assert found == Backpropagation(Relaxation(6, 2, 0.25))


MISTAKES = {
    "unknown section": ({"extra": {}}, "extra", "known here are name, data, network, relaxation, rule, training"),
    "unknown entry": ({"training": {"epoch": 3}}, "training.epoch", "epochs, batch, seed"),
    "type": ({"training": {"epochs": "many"}}, "training.epochs", "a whole number of at least 1"),
    "whole": ({"training": {"batch": 2.5}}, "training.batch", "a whole number"),
    "not a truth value": ({"training": {"batch": True}}, "training.batch", "a whole number"),
    "flag": ({"training": {"shuffle": 1}}, "training.shuffle", "true or false"),
    "list": ({"network": {"hidden": 500}}, "network.hidden", "a list of whole numbers"),
    "list entry": ({"network": {"hidden": [5, 0]}}, "network.hidden", "at least 1"),
    "choice": ({"network": {"activation": "relu"}}, "network.activation", "clip, sigmoid, tanh, soft-clip"),
    "precision": ({"network": {"dtype": "float16"}}, "network.dtype", "float32, float64"),
    "scale": ({"network": {"scale": 0}}, "network.scale", "greater than 0"),
    "step": ({"relaxation": {"step_size": -0.5}}, "relaxation.step_size", "greater than 0"),
    "steps": ({"relaxation": {"clamped_steps": 0}}, "relaxation.clamped_steps", "at least 1"),
    "rule": ({"rule": {"name": "hebb"}}, "rule.name", "temporal-contrast, equilibrium-propagation"),
    "other rule's entry": ({"rule": {"gain": 2.0}}, "rule.gain", "name, nudge, sides"),
    "domain": ({"rule": {"nudge": -1}}, "rule.nudge", "greater than 0"),
    "side": ({"rule": {"sides": "both"}}, "rule.sides", "one, random, centred"),
    "rate": ({"training": {"learning_rates": {"W1": 1.0}}}, "training.learning_rates", "W1, b1, W2, b2"),
    "rate sign": ({"training": {"learning_rates": -1}}, "training.learning_rates", "not negative"),
    "seed": ({"training": {"seed": -1}}, "training.seed", "at least 0"),
    "endless": ({"training": {"learning_rates": 10**400}}, "training.learning_rates", "a number"),
    "a free phase without steps": ({"relaxation": {"free_steps": 0}}, "relaxation.free_steps", "at least 1"),
    "not finite": ({"training": {"learning_rates": float("inf")}}, "training.learning_rates", "a number"),
}


@pytest.mark.parametrize(("changes", "path", "valid"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_are_named(changes, path, valid):
    tables = values(**changes)
    with pytest.raises(InvalidParameterError) as caught:
        RunConfiguration.from_values(tables)
    assert caught.value.name == path
    assert valid in caught.value.valid


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("thresholds = 1e-6", "thresholds = {W1 = 1e-6}", "rule.thresholds"),
        ("thresholds = 1e-6", "thresholds = {W1 = 1, b1 = 1, W2 = 1, b2 = 1, W3 = 1}", "rule.thresholds.W3"),
        ("thresholds = 1e-6", "thresholds = {W1 = 1, b1 = 1, W2 = 1, b2 = '1'}", "rule.thresholds.b2"),
        ("thresholds = 1e-6", "", "rule.thresholds"),
        ("slow = 0.9", "slow = 0", "rule.protocol.slow"),
        ("slow = 0.9", "slow = 0.9, mean = 1", "rule.protocol.mean"),
        ('"sine"', '"cosine"', "rule.kernel.family"),
        ('"sine"', '"sine", gamma = 1', "rule.kernel.gamma"),
        ('"sine"', '"sine", duration = -1', "rule.kernel.duration"),
        ('"sine"', '"ladder", gamma = 0', "rule.kernel.gamma"),
        ('"sine"', '"ladder", gamma = 0.1, levels = 1', "rule.kernel.levels"),
        ('"sine"', '"ladder", gamma = 0.1, window = 0', "rule.kernel.window"),
        ('"sine"', '"ladder", gamma = 0.1, ladder_units = 0', "rule.kernel.ladder_units"),
        ('{family = "sine"}', '"sine"', "rule.kernel"),
        ('{family = "sine"}', '{family = "sine", duration = 1.5}\nconvolution = "sampled"', "rule.kernel"),
        ("name", "samples = 1\nname", "rule.samples"),
        ("name", "gain = 0\nname", "rule.gain"),
        ("name", "stages = 0\nname", "rule.stages"),
    ],
)
def test_mistakes_in_a_temporal_contrast_are_named(old, new, path):
    with pytest.raises(InvalidParameterError) as caught:
        RunConfiguration.from_values(values(CONTRAST.replace(old, new, 1)))
    assert caught.value.name == path


def test_a_kernel_without_a_first_moment_is_named():
    still = '{family = "sine", amplitude = 0}'
    with pytest.raises(NormalizationError):
        RunConfiguration.from_values(values(CONTRAST.replace('{family = "sine"}', still)))


def test_what_is_missing_is_named():
    for section, key in (("data", "set"), ("rule", "name"), ("training", "epochs"), ("training", "learning_rates")):
        tables = values()
        del tables[section][key]
        with pytest.raises(InvalidParameterError, match=f"{section}.{key} = None") as caught:
            RunConfiguration.from_values(tables)
        assert caught.value.valid.startswith("given")
    for section in ("name", "data", "rule", "training"):
        tables = values()
        del tables[section]
        with pytest.raises(InvalidParameterError, match=f"^{section} = None"):
            RunConfiguration.from_values(tables)


@pytest.mark.parametrize("name", ["", " ", ".", "..", "../up", "a/b", "/tmp", "a\\b", "a\nb", "-x"])
def test_a_name_is_that_of_a_folder(name):
    with pytest.raises(InvalidParameterError, match=r"^name = "):
        RunConfiguration.from_values(values() | {"name": name})


@pytest.mark.parametrize("folder", ['a "quoted" one', "C:\\data", "\u00e4\U0001f600", "tab\t, delete\x7f"])
def test_any_folder_survives_printing(folder):
    shown = tomllib.loads(RunConfiguration.from_values(values()).replaced(folder=folder).toml())
    assert shown["data"]["folder"] == folder


def test_a_missing_folder_of_the_environment_is_not_told_as_an_entry(monkeypatch):
    monkeypatch.setenv("THERMO_CL_MNIST", "/nowhere")
    with pytest.raises(DataError, match=r"^the environment variable THERMO_CL_MNIST names /nowhere"):
        RunConfiguration.from_values(values(data={"set": "mnist"})).datasets()


def test_a_mark_at_the_beginning_of_a_file_is_no_mistake(tmp_path):
    (tmp_path / "marked.toml").write_text(LEAST, "utf-8-sig")
    assert load_configuration(tmp_path / "marked.toml").name == "least"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"hidden": [10**12]}, "network.hidden"),
        ({"hidden": [10**30]}, "network.hidden"),
        ({"scale": 1e40}, "network.scale"),
    ],
)
def test_networks_that_no_machine_holds_are_refused(changes, path, tmp_path):
    with pytest.raises(InvalidParameterError) as caught:
        run(RunConfiguration.from_values(values(network=changes)), tmp_path / "run")
    assert caught.value.name == path
    assert not (tmp_path / "run").exists()


def test_files_that_are_none(tmp_path):
    (tmp_path / "bad.toml").write_text("name = ")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for source, said in (
        (tmp_path / "bad.toml", "valid TOML"),
        (tmp_path / "binary.toml", "not text"),
        (tmp_path / "none.toml", "No such file"),
        (tmp_path, "directory"),
        ("~nobody-of-that-name/run.toml", "home directory"),
        ("nul\0.toml", "null"),
        ("falk2025", "one of digits, digits-dual-propagation, digits-random-phases, falk2025-mnist"),
    ):
        with pytest.raises(InvalidParameterError) as caught:
            load_configuration(source)
        assert said in str(caught.value)


def test_data_that_cannot_be_had(tmp_path):
    for changes, path in (({"set": "cifar"}, "data.set"), ({"train": 31}, "data.train + holdout")):
        with pytest.raises(InvalidParameterError) as caught:
            RunConfiguration.from_values(values(data=changes)).datasets()
        assert caught.value.name == path
    with pytest.raises(DataError):
        RunConfiguration.from_values(values(data={"set": "mnist", "folder": str(tmp_path)})).datasets()


def test_the_shipped_digits_are_learnt(tmp_path):
    configuration = load_configuration("digits")
    run(configuration.replaced(epochs=1), tmp_path)
    trained = run(configuration.replaced(epochs=4), tmp_path, resume=True)
    assert trained.metrics.holdout_error[-1] < 0.15
    assert (trained.metrics.angle_all < 85).all()
    again = run(configuration.replaced(epochs=4))
    xr.testing.assert_identical(again.metrics, trained.metrics)
    np.testing.assert_array_equal(again.network.weights[0], trained.network.weights[0])
