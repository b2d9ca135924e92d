"""Physical networks that learn: leaks and the told ramp against quadrature, settings, and what the study must show."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from analysis import physical_learning
from analysis._physical_rules import ToldRamp, leaky
from analysis._physical_runs import RULES, Job, setting, trained
from thermo_cl.errors import InvalidParameterError, RampWindowWarning
from thermo_cl.feedback import SHIPPED, Chemical, MaxwellUnit, Scenario, shipped
from thermo_cl.feedback.learning.rules import PhysicalRule
from thermo_cl.feedback.networks import Contrast, contrast

STORED = Path(__file__).parents[2] / "analysis" / "stored" / "physical_learning.nc"
TINY: dict[str, Any] = {
    "seeds": 2, "cycles": 2, "rates": [1.0, 2.0], "fast": [5.0, 50.0], "ratios": [1e4], "thresholds": [1.0, 1e9],
    "leaks": [1e-3], "workers": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def tiny() -> xr.Dataset:
    return physical_learning.compute(**TINY, rng=1)


def seen(scenario: Scenario) -> Contrast:
    return contrast(scenario.network, scenario.task, amplitude=0.2, nudge=scenario.nudge)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_told_ramp_is_the_two_state_rule_weighted_by_the_carrier(name: str) -> None:
    """Strands of a Maxwell unit; 1 of a chemical, and of a memristor driven by power."""
    scenario = shipped(name, 1)
    c = scenario.network.coefficients * np.linspace(0.5, 2.0, scenario.network.n_edges)
    scenario = Scenario(**{**vars(scenario), "network": scenario.network.with_coefficients(c)})
    shown = seen(scenario)
    found, two = ToldRamp(scenario.physical()).update(shown, c), scenario.two_state().update(shown, c)
    weight = c if name == "elastic" else np.ones(c.size)
    # ramps of 50 memory times: the output comes late by one of them
    assert_allclose(found, weight * two, rtol=0.03, atol=0.03 * np.abs(weight * two).max())


@pytest.mark.parametrize("name", SHIPPED)
def test_what_the_threshold_finds_out_is_which_ramp_is_the_fast_one(name: str) -> None:
    scenario = Scenario(**{**vars(shipped(name, 2)), "cycles": 60})
    physical, told = scenario.run(), scenario.run(ToldRamp(scenario.physical()))
    assert physical.losses[-1] < 0.7 * physical.losses[0]
    assert_allclose(np.log(physical.losses / told.losses), 0.0, atol=0.25)


@pytest.mark.parametrize("name", ["elastic", "nanofluidic"])
def test_leaks_of_series_units_are_a_spring_beside_them(name: str) -> None:
    """The output of every edge against the sum of both stresses, or voltages, and its area against the mean."""
    scenario = shipped(name, 0)
    carrier, protocol, leak = scenario.carrier, scenario.protocol, 3e-3
    shown, c = seen(scenario), scenario.network.coefficients
    times = np.array([0.3, 4.0, 5.2, 100.0, 4e4])
    rule, plain = PhysicalRule(leaky(carrier, leak), protocol), scenario.physical()
    share = leak * carrier.timescale

    def outputs(one: PhysicalRule) -> np.ndarray:
        first, second, bias = one.carrier.weights(shown, c)
        return np.stack([first * one.shapes[0](t) + second * one.shapes[1](t) + bias for t in times])

    ramp = np.stack([protocol.signal(1.0)(t) for t in times])[:, None, None]
    strain = shown.free + ramp * shown.change
    stiffness = carrier.stiffness * carrier.length**2 * c if isinstance(carrier, MaxwellUnit) else 1.0
    more = share * stiffness * strain**2
    assert_allclose(outputs(rule), outputs(plain) + more, rtol=1e-9, atol=1e-13 * np.abs(more).max())


def test_a_leak_is_the_area_over_the_first_moment() -> None:
    leaking = leaky(Chemical(), 1e-3)
    assert_allclose(float(leaking.kernel.area) / -float(leaking.kernel.first_moment), 1e-3, rtol=1e-2)


@pytest.mark.parametrize("name", SHIPPED)
def test_ramps_are_changed_with_the_threshold_where_it_lay(name: str) -> None:
    """Above the output of the slow ramp by the same factor, for the first cycle of the shipped network."""
    plain = shipped(name, 2)
    shown, c = seen(plain), plain.network.coefficients

    def above(scenario: Scenario) -> float:
        rule = scenario.physical()
        return rule.carrier.threshold / float(np.abs(rule.slow_outputs(shown, c)).max())

    for what, value in (("fast", 20.0), ("ratio", 500.0)):
        changed = setting(Job(name, 2, "physical", what, (value,), 0), value).scenario
        assert_allclose(above(changed), above(plain), rtol=2e-2)
    fast = setting(Job(name, 2, "physical", "fast", (20.0,), 0), 20.0).scenario.protocol
    assert_allclose(fast.fast, 20.0 * plain.carrier.timescale)
    assert_allclose(fast.slow / fast.fast, plain.protocol.slow / plain.protocol.fast)


def test_runs_are_those_of_the_scenarios(tiny: xr.Dataset) -> None:
    for name in SHIPPED:
        for seed in (1, 2):
            scenario = shipped(name, seed)
            scenario = Scenario(**{**vars(scenario), "cycles": 2})
            run, two = scenario.run(angles=True), scenario.run(scenario.two_state())
            here = tiny.sel(network=name, seed=seed)
            physical = here.sel(rule="physical")
            assert_allclose(physical.loss, run.losses, rtol=1e-12)
            assert_allclose(physical.angle, run.angles, rtol=1e-9)
            assert_allclose(physical.updated, run.updated)
            assert_allclose(here.loss_ratio, run.losses[-1] / two.losses[-1], rtol=1e-12)
            assert_allclose(here.sel(rule="two-state").final_loss, two.losses[-1], rtol=1e-12)
            assert_allclose(here.threshold_loss.sel(threshold_factor=1.0), run.losses[-1] / run.losses[0], rtol=1e-12)
            assert float(here.threshold_updated.sel(threshold_factor=1e9)) == 0.0
            assert np.isnan(here.threshold_angle.sel(threshold_factor=1e9))
            if seed == int(here.drawn_seed):
                known = here.coefficient_after.notnull().values
                assert_allclose(here.coefficient_after.values[known], run.network.coefficients)
                assert_allclose(here.coefficient_before.values[known], scenario.network.coefficients)
    assert (tiny.sel(rule="exact gradient").angle == 0.0).all()


def test_the_best_rate_is_that_of_the_least_mean_log(tiny: xr.Dataset) -> None:
    mean = np.log(tiny.rate_loss).mean("seed")
    assert (tiny.best_rate == mean.idxmin("rate_factor")).all()
    xr.testing.assert_equal(tiny.best_loss, tiny.rate_loss.sel(rate_factor=tiny.best_rate).reset_coords(drop=True))


def test_networks_are_drawn_with_what_they_learn(tiny: xr.Dataset) -> None:
    for name in SHIPPED:
        one = tiny.sel(network=name)
        scenario = shipped(name, int(one.drawn_seed))
        outputs = (one.node_kind == "output").sum() + (one.edge_kind == "output").sum()
        assert int(outputs) == scenario.task.targets.shape[1]
        dimensions = scenario.network.n_dofs // len(scenario.network.positions)
        assert dimensions * int((one.node_kind == "input").sum()) == scenario.network.imposed.size
        ends = one.end.values[one.end.values[:, 0] >= 0]
        assert (ends == scenario.network.edges).all()


def test_results_do_not_depend_on_when_they_are_computed(tiny: xr.Dataset, tmp_path: Path) -> None:
    again = physical_learning.compute(**TINY, rng=1, folder=tmp_path)
    xr.testing.assert_identical(again.drop_vars("training_time"), tiny.drop_vars("training_time"))
    kept = len(list(tmp_path.iterdir()))
    xr.testing.assert_identical(physical_learning.compute(**TINY, rng=1, folder=tmp_path), again)
    assert len(list(tmp_path.iterdir())) == kept == 3 * 2 * (len(RULES) + 4)
    assert again.attrs["seed"] == "1" and json.loads(again.attrs["parameters"])["cycles"] == 2


def test_jobs_are_the_same_in_other_processes() -> None:
    job = Job("flow", 0, "physical", "leak", (1e-3, 100.0), 2)
    sent = pickle.loads(pickle.dumps(job))
    assert sent.settings() == job.settings() != Job("flow", 0, "physical", "leak", (1e-3,), 2).settings()
    with pytest.warns(RampWindowWarning):  # a leak of a hundred passes the threshold at rest
        one, two = trained(job), trained(sent)
    assert one["losses"] == two["losses"] and one["losses"][0] != one["losses"][1]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"seeds": 0}, "seeds"), ({"cycles": 0}, "cycles"), ({"networks": ["plastic"]}, "networks"),
        ({"networks": []}, "networks"), ({"rates": [2.0]}, "rates"), ({"rates": [1.0, 0.0]}, "rates"),
        ({"fast": []}, "fast.shape"), ({"ratios": [-1.0]}, "ratios"), ({"thresholds": [0.0]}, "thresholds"),
        ({"leaks": [-1.0]}, "leaks"), ({"workers": 0}, "workers"), ({"rng": -1}, "rng"),
    ],
)  # fmt: skip
def test_bad_input_is_named(change: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        physical_learning.compute(**(TINY | change))


def test_what_is_said_of_the_stored_study_is_so() -> None:
    with xr.open_dataset(STORED) as stored:
        stored.load()
    assert stored.seed.size == 5 and stored.cycle.size == 301
    assert (stored.loss_ratio <= 1.5).all() and stored.training_time.max() < 300
    assert (stored.slow_output < 1).all()
    scaled = stored.final_loss / stored.loss.isel(cycle=0, drop=True)
    mean = np.exp(np.log(scaled).mean("seed"))
    assert_allclose(
        mean.sel(network="flow", rule="physical") / mean.sel(network="flow", rule="two-state"), 1, atol=0.01
    )
    told, physical = mean.sel(rule="physical, told the ramp"), mean.sel(rule="physical")
    assert (abs(np.log(told / physical)) < np.log(1.5)).all()  # the threshold costs next to nothing
    best = np.exp(np.log(stored.best_loss.clip(1e-12)).mean("seed"))
    nanofluidic = best.sel(network="nanofluidic")
    assert nanofluidic.sel(rule="two-state") < nanofluidic.sel(rule="physical")  # each at its own rate
    over = np.exp(np.log(stored.threshold_loss.clip(1e-12)).mean("seed"))
    assert (over.sel(threshold_factor=[1e-3, 1e4]) > 0.9).all()
    leaky = np.exp(np.log(stored.leak_loss.clip(1e-12)).mean("seed"))
    assert (leaky.sel(leak=0.03) < 1.1 * leaky.sel(leak=1e-3)).all() and (leaky.sel(leak=10) > 0.2).all()
    slow = np.exp(np.log(stored.ratio_loss.clip(1e-12)).mean("seed"))
    assert (slow.sel(ramp_ratio=3) > 0.8).all() and (slow.sel(ramp_ratio=100) < 0.1).all()
