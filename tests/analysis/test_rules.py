"""The table of learning rules: what it measures, chooses and refuses, and that an interrupted study goes on."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from analysis import _rules_runs, rules
from analysis._energy_ways import WAYS
from analysis._rules_costs import multiply_adds
from analysis._rules_list import ACTIVITY, BOTH_WAYS, KNOWLEDGE, PAST, PHASE, RULES
from tests.analysis.tiny import tiny_configuration
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import Adam, EnergyNetwork, FeedForwardNetwork, ForwardForwardNetwork, learn, split, train
from thermo_cl.learning.forward_forward import error_rate

TINY: dict[str, Any] = {
    "data": "bars-and-stripes", "train": 20, "test": 10, "hidden": [5],
    "rules": {name: replace(entry, rates=entry.rates[1:3]) for name, entry in RULES.items()},
    "epochs": 4, "seeds": 2, "tuning_seeds": 1, "timed": 1, "workers": 1,
}  # fmt: skip
STORED = Path(__file__).parents[2] / "analysis" / "stored" / "rules.nc"
FEW: dict[str, Any] = TINY | {
    "rules": {name: TINY["rules"][name] for name in ("equilibrium propagation", "DPT, alpha = 1", "forward-forward")}
}


@pytest.fixture(scope="module")
def tiny() -> xr.Dataset:
    return rules.compute(**TINY, rng=3)


def runs(name: str, rate: float, seed: int, parts: Any) -> Any:
    """Errors over epochs of a run by hand."""
    entry, (training, test) = RULES[name], parts
    if entry.network == "forward-forward":
        phases = len(training) * entry.phases
        return learn(
            ForwardForwardNetwork.random((16, 5), classes=2, rng=seed), entry.way, training, phases=4 * phases,
            optimizer=Adam(rate), rng=seed, probe=lambda network: error_rate(network, test),
            probe_at=[phases * n for n in (1, 2, 3, 4)],
        ).metrics["value"]  # fmt: skip
    energy = entry.network == "energy"
    kind = EnergyNetwork.glorot((16, 5, 2), rng=seed) if energy else FeedForwardNetwork.random(16, (5, 2), rng=seed)
    metrics = train(
        kind, entry.way, training, test, epochs=4, learning_rates=rate, batch=20, rng=seed, shuffle=True
    ).metrics  # fmt: skip
    return metrics["holdout_error_from_rest" if energy else "holdout_error"]


@pytest.mark.parametrize(
    "name", ["temporal contrast", "random phases (ISD)", "DP, alpha = 1/2", "forward-forward", "backpropagation"]
)
def test_errors_are_those_of_runs_by_hand_at_the_rate_that_was_best_without_test_examples(
    name: str, tiny: xr.Dataset
) -> None:
    row, parts = tiny.sel(rule=name), split("bars-and-stripes", 20, 10)
    known = parts[0].split(10)
    tried = [float(runs(name, rate, 5, known)[-1]) for rate in RULES[name].rates[1:3]]
    assert row.tuning_error.values.ravel().tolist() == tried
    assert float(row.learning_rate) == RULES[name].rates[1 + int(np.argmin(tried))]
    for seed in (3, 4):
        found = runs(name, float(row.learning_rate), seed, parts)
        assert_array_equal(row.error.sel(seed=seed), found)
        assert float(row.accuracy.sel(seed=seed)) == 1 - float(found[-1])
    assert tiny.tuning_seed.values.tolist() == [5]


def test_every_row_says_what_it_needs(tiny: xr.Dataset) -> None:
    assert tuple(tiny.rule.values) == tuple(RULES) and tuple(tiny.knowledge.values) == KNOWLEDGE
    for variable in (*tiny.data_vars.values(), *tiny.coords.values()):
        assert variable.attrs["long_name"] and variable.attrs["units"]
    knows = {name: set(tiny.knowledge.values[tiny.must_know.sel(rule=name)]) for name in RULES}
    assert knows["temporal contrast"] == {ACTIVITY, PAST, BOTH_WAYS}
    for name, row in ((name, tiny.sel(rule=name)) for name in RULES):
        assert ACTIVITY in knows[name]
        assert (PHASE in knows[name]) == (str(row.phase_signal.values) != "none")
        assert (BOTH_WAYS in knows[name]) == (str(row.network.values) != "forward-forward")
        assert (PAST in knows[name]) == (float(row.synapse_memory) > 0)
        sizes = (16, 5) if str(row.network.values) == "forward-forward" else (16, 5, 2)
        assert float(row.multiply_adds) == multiply_adds(RULES[name].way, sizes, int(row.batch))
        assert int(row.updates) == 4 * (20 if int(row.batch) == 1 else 1)
    assert (tiny.update_time > 0).all() and tiny.sizes["rule"] == 14
    parameters = json.loads(tiny.attrs["parameters"])
    assert (parameters["data"], parameters["hidden"], parameters["sweeps"]) == ("bars-and-stripes", [5], 10)


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("temporal contrast", "temporal contrast"), ("equilibrium propagation", "equilibrium propagation"),
        ("random phases (ISD)", "random, b = 0.5"), ("always on", "always on, fixed"),
    ],
)  # fmt: skip
def test_rules_of_energy_networks_are_those_of_the_study_of_schedules(name: str, way: str) -> None:
    base = tiny_configuration("digits")
    expected, found = WAYS[way].configuration(base, 0.1, 0, 1).rule, RULES[name].way
    assert repr(found) == repr(expected)
    if name == "temporal contrast":
        assert_allclose(found.current_map.matrix, expected.current_map.matrix)


def test_study_goes_on_and_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are kept too, so that a study that goes on gives the same table."""
    done: list[_rules_runs.Job] = []
    work = _rules_runs._trained

    def interrupted(job: _rules_runs.Job) -> Any:
        if len(done) == 5:
            raise KeyboardInterrupt
        done.append(job)
        return work(job)

    monkeypatch.setattr(_rules_runs, "_trained", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rules.compute(**FEW, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 5
    monkeypatch.setattr(_rules_runs, "_trained", lambda job: done.append(job) or work(job))
    whole = rules.compute(**FEW, folder=tmp_path)
    assert len(done) == 3 * (2 + 2) and len(list(tmp_path.iterdir())) == len(done) + 3
    monkeypatch.setattr(_rules_runs, "_trained", None)  # nothing is done twice
    monkeypatch.setattr(_rules_runs, "_timed", None)
    xr.testing.assert_identical(rules.compute(**FEW, folder=tmp_path), whole)
    with pytest.raises(TypeError):  # another length is another run
        rules.compute(**(FEW | {"epochs": 1}), folder=tmp_path)
    monkeypatch.undo()
    fresh = rules.compute(**FEW)
    xr.testing.assert_identical(fresh.drop_vars("update_time"), whole.drop_vars("update_time"))


def test_rates_at_which_a_rule_diverges_are_not_chosen(tmp_path: Path) -> None:
    entry = replace(RULES["backpropagation"], rates=(1e30, 0.1))
    table = {"bad": replace(entry, rates=(1e30, 1e29)), "good": entry}
    data = rules.compute(**(TINY | {"rules": table}), folder=tmp_path)
    assert data.error.isnull().values.reshape(2, -1).all(axis=1).tolist() == [True, False]
    assert data.tuning_error.isnull().values[..., 0].tolist() == [[True, True], [True, False]]
    assert float(data.learning_rate.sel(rule="good")) == 0.1
    xr.testing.assert_identical(rules.compute(**(TINY | {"rules": table}), folder=tmp_path), data)


def test_the_quick_table_is_of_digits() -> None:
    data = rules.compute(**(FEW | rules.QUICK | {"epochs": 1, "seeds": 1}))
    assert json.loads(data.attrs["parameters"])["data"] == "digits"
    assert data.updates.values.tolist() == [70, 70, 1400]


@pytest.mark.parametrize("name", RULES)
def test_jobs_are_the_same_in_other_processes(name: str) -> None:
    parts = split("bars-and-stripes", 20, 10)
    job = _rules_runs.Job("one", RULES[name], (5,), 0.01, 3, 2, 1, *parts)
    sent = pickle.loads(pickle.dumps(job))
    assert sent.settings() == job.settings()
    assert_array_equal(_rules_runs._trained(sent), _rules_runs._trained(job))


def test_a_run_with_another_kernel_is_another_run() -> None:
    parts, entry = split("bars-and-stripes", 20, 10), RULES["temporal contrast"]
    other = replace(entry, way=replace(entry.way, kernel=entry.way.kernel.scaled(1 + 1e-8)))  # shown alike
    one, two = (_rules_runs.Job("one", row, (5,), 0.01, 3, 2, 1, *parts).settings() for row in (entry, other))
    assert repr(entry.way) == repr(other.way) and one != two


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"epochs": 0}, "epochs"), ({"seeds": 0}, "seeds"), ({"tuning_seeds": 0}, "tuning_seeds"),
        ({"timed": 0}, "timed"), ({"workers": 0}, "workers"), ({"rng": -1}, "rng"), ({"hidden": []}, "hidden"),
        ({"hidden": [0]}, "hidden"), ({"train": 10}, "train"), ({"data": "none"}, "name"), ({"rules": {}}, "rules"),
        ({"rules": TINY["rules"] | {"other": RULES["backpropagation"]}}, "rules"),
    ],
)  # fmt: skip
def test_bad_input_is_named(change: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        rules.compute(**(TINY | change))


def test_the_stored_table_shows_what_is_said_of_it() -> None:
    with xr.open_dataset(STORED) as stored:
        stored.load()
    assert tuple(stored.rule.values) == tuple(RULES)
    mean = 100 * stored.accuracy.mean("seed")
    exact = mean.sel(rule="backpropagation")
    assert (
        abs(mean.sel(rule=["DPT, alpha = 0", "DPT, alpha = 1", "DP, alpha = 0", "DP, alpha = 1/2"]) - exact) < 1
    ).all()
    assert mean.sel(rule="temporal contrast") > mean.sel(rule="equilibrium propagation") - 1
    noisy = mean.sel(rule=["random phases (ISD)", "always on"])
    assert noisy.max() < mean.drop_sel(rule=list(noisy.rule.values)).min()
    diverged = stored.tuning_error.sel(rule="DP, alpha = 1").isnull().any("tuning_seed").values
    assert diverged.tolist() == [True, True, True, False]
    last = stored.learning_rate.values[:, None] == stored.candidate_rate.values[:, [0, -1]]
    assert set(stored.rule.values[last.any(axis=1)]) == {
        "temporal contrast", "DP, alpha = 1", "random phases (ISD)", "backpropagation, relaxation",
    }  # fmt: skip
