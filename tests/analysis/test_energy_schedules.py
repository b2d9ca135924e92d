"""What the comparison of one energy network's ways to learn must show, and that its noise is that of the rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from analysis import _energy_ways, energy_schedules
from analysis._energy_noise import Probe, flat, learner_moments, longest, one_phase, rule_moments, spread
from analysis._energy_ways import WAYS, Way
from tests.analysis.tiny import tiny_configuration
from tests.learning.networks import batch, network
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import EnergyPhases, Relaxation, evaluate, learn, run
from thermo_cl.learning.phases import (
    SGD,
    AdaptiveProbability,
    FixedLength,
    GeometricLength,
    Phase,
    PhaseSchedule,
    RandomPhase,
    RandomPhases,
    RunningMean,
    isd,
    two_term,
)
from thermo_cl.learning.rules import EquilibriumPropagation
from thermo_cl.sweep import load_netcdf

BASE = tiny_configuration("digits")
SHOWN = ("equilibrium propagation", "random, b = 0.5", "learner: both phases", "learner: random, baseline, adaptive b")
TINY: dict[str, Any] = {
    "base": BASE, "ways": {name: replace(WAYS[name], rates=WAYS[name].rates[:2]) for name in SHOWN}, "epochs": 2,
    "seeds": 2, "tuning_seeds": 1, "stages": (0, 1), "minibatches": 2, "workers": 1,
}  # fmt: skip
STORED = Path(__file__).parents[2] / "analysis" / "stored" / "energy_schedules.nc"


@pytest.fixture(scope="module")
def tiny() -> xr.Dataset:
    return energy_schedules.compute(**TINY)


@pytest.fixture(scope="module")
def stored() -> xr.Dataset:
    return load_netcdf(STORED)


def probe(seed: int = 3) -> Probe:
    net = network("clip", (5, 6, 3), seed=seed, scale=0.8)
    inputs, _, states = batch(net, 8)
    labels = np.arange(8) % 3
    return Probe(
        net, [(inputs[rows], labels[rows], tuple(x[rows] for x in states)) for rows in (slice(4), slice(4, 8))]
    )


@pytest.mark.parametrize("draws", ["minibatch", "example"])
@pytest.mark.parametrize(
    ("updates", "length"), [("end", FixedLength(3)), ("always", FixedLength(3)), ("always", GeometricLength(2.0))]
)
def test_moments_of_a_random_phase_are_those_of_many_draws(
    draws: Any, updates: Any, length: FixedLength | GeometricLength
) -> None:
    schedule = PhaseSchedule(RandomPhase(0.4), length, updates)
    rule = RandomPhases(schedule, 0.7, "random", draws, Relaxation(6, 3, 0.5))
    where, rng = probe(), np.random.default_rng(1)
    (mean, square), _ = rule_moments(rule, where)
    inputs, targets, states = next(where.prepared())
    rows = np.array([flat(rule.estimate(where.network, inputs, targets, states, rng).gradient) for _ in range(1500)])
    for found, exact in ((rows, mean), ((rows**2).sum(1), square)):
        assert (np.abs(found.mean(0) - exact) <= 4.5 * found.std(0) / np.sqrt(len(rows)) + 1e-12).all()


def test_mean_of_a_random_phase_is_the_centred_contrast_whatever_b_and_draws() -> None:
    where, how = probe(), Relaxation(6, 3, 0.5)
    exact = rule_moments(EquilibriumPropagation(0.7, "centred", how), where)
    contrast = rule_moments(EquilibriumPropagation(0.7, "random", how), where)
    for b, draws in ((0.2, "minibatch"), (0.5, "example"), (0.8, "example")):
        found = rule_moments(RandomPhases(isd(b, 3), 0.7, "random", draws, how), where)
        for (m, q), (centred, _), (_, told) in zip(found, exact, contrast, strict=True):
            assert_allclose(m, centred, rtol=1e-9, atol=1e-12)
            assert q > told  # a phase alone is never less noisy than the contrast of both


def test_random_phases_of_a_learner_have_the_mean_of_their_contrasts_and_a_baseline_takes_noise_away() -> None:
    where = probe()
    plain, shifted = (
        learner_moments(PhaseSchedule(RandomPhase(0.3, c), FixedLength(9)), 0.7, 0.5, where, 4)
        for c in (None, RunningMean(0.1))
    )
    for (a, _), (b, _) in zip(plain, shifted, strict=True):
        assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    model, (inputs, labels, _) = EnergyPhases(where.network, 0.7, 0.5), where.minibatches[0]
    up, down = (
        flat(model.statistic(phase, model.run(phase, model.start(4), inputs, labels, steps=9), inputs, labels))
        for phase in (Phase.POSITIVE, Phase.NEGATIVE)
    )
    assert_allclose(plain[0][0], up - down, rtol=1e-9, atol=1e-12)
    assert plain[0][1] == pytest.approx(up @ up / 0.3 + down @ down / 0.7)
    assert spread(shifted)[2] < 0.8 * spread(plain)[2]
    adapted = learner_moments(
        PhaseSchedule(RandomPhase(0.3, None, AdaptiveProbability(0.1)), FixedLength(9)), 0.7, 0.5, where, 4
    )
    assert spread(adapted)[2] < spread(plain)[2]
    assert spread(learner_moments(two_term(9), 0.7, 0.5, where, 4))[1] == 0.0


def test_moments_of_always_on_phases_sum_over_their_lengths() -> None:
    rng = np.random.default_rng(0)
    schedule = PhaseSchedule(RandomPhase(0.3), GeometricLength(3.0), "always")
    steps = longest(schedule)
    up, down, c = rng.normal(size=(steps, 2)), rng.normal(size=(steps, 2)), rng.normal(size=2)
    mean, square, total = np.zeros(2), 0.0, 0.0
    for t in range(1, steps + 1):
        chance = (1 / 3) * (2 / 3) ** (t - 1)
        plus, minus = sum(up[s] - c for s in range(t)) / 3.0, sum(down[s] - c for s in range(t)) / 3.0
        mean += chance * (plus - minus)
        square += chance * (plus @ plus / 0.3 + minus @ minus / 0.7)
        total += chance
    found = one_phase(schedule, 0.3, up, down, c)
    assert 1 - total < 1e-3
    assert_allclose(found[0], mean / total, rtol=1e-12)
    assert found[1] == pytest.approx(square / total, rel=1e-12)


def test_runs_are_those_of_train_and_learn(tiny: xr.Dataset) -> None:
    assert dict(tiny.sizes) == {
        "way": 4, "seed": 2, "epoch": 2, "candidate": 2, "tuning_seed": 1, "stage": 2
    }  # fmt: skip
    for name in SHOWN:
        rate = float(tiny.learning_rate.sel(way=name))
        best = int(tiny.tuning_error.sel(way=name).values.mean(axis=1).argmin())
        assert rate == float(tiny.candidate_rate.sel(way=name)[best])
    name = SHOWN[1]
    alone = run(WAYS[name].configuration(BASE, float(tiny.learning_rate.sel(way=name)), 1, 2)).metrics
    assert_array_equal(tiny.error.sel(way=name, seed=1), alone.holdout_error_from_rest)
    training, holdout = BASE.datasets()
    for name in SHOWN[2:]:
        start = WAYS[name].configuration(BASE, 0.1, 1, 2).initial_network(training)
        schedule, phases = WAYS[name].schedule, 6 * (2 if "both" in name else 1)  # 24 examples, 8 in a minibatch
        learned = learn(
            EnergyPhases(start, 1.0), schedule, training, phases=phases, batch=8, rng=np.random.default_rng([1, 1]),
            optimizer=SGD(float(tiny.learning_rate.sel(way=name))),
        ).model  # fmt: skip
        assert float(tiny.error.sel(way=name, seed=1, epoch=2)) == evaluate(learned.network, holdout).error
    assert tiny.steps.values.tolist() == [24.0, 22.0, 48.0, 24.0]
    assert WAYS["temporal contrast"].steps(BASE) == 20 + 8 * 4
    assert bool(tiny.probability.sel(way=[SHOWN[0], SHOWN[2]]).isnull().all())
    for variable in (*tiny.data_vars.values(), *tiny.coords.values()):
        assert variable.attrs["long_name"] and variable.attrs["units"]


def test_study_goes_on_and_repeats(tiny: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    xr.testing.assert_identical(energy_schedules.compute(**TINY, folder=tmp_path), tiny)
    monkeypatch.setattr(_energy_ways, "learn", None)  # nothing is done twice
    monkeypatch.setattr(_energy_ways, "run", None)
    xr.testing.assert_identical(energy_schedules.compute(**TINY, folder=tmp_path), tiny)
    with pytest.raises(TypeError):  # another length is another run
        energy_schedules.compute(**(TINY | {"epochs": 1}), folder=tmp_path)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"epochs": 0}, "epochs"),
        ({"seeds": 0}, "seeds"),
        ({"tuning_seeds": 0}, "tuning_seeds"),
        ({"minibatches": 1.5}, "minibatches"),
        ({"workers": 0}, "workers"),
        ({"stages": ()}, "stages"),
        ({"stages": (2, 1)}, "stages"),
        ({"ways": {}}, "ways"),
        ({"ways": {"a": Way((0.1,)), "b": Way((0.1, 0.2))}}, "ways"),
        ({"rng": -1}, "rng"),
    ],
)
def test_bad_input_is_named(change: Mapping[str, Any], name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        energy_schedules.compute(**(TINY | change))


def test_stored_set_says_what_was_run(stored: xr.Dataset) -> None:
    assert tuple(stored.way.values) == tuple(WAYS)
    assert set(json.loads(stored.attrs["parameters"])["ways"]) == set(WAYS)


def test_both_phases_beat_random_ones_on_every_seed_and_a_kernel_needs_not_be_told(stored: xr.Dataset) -> None:
    told = ["temporal contrast", "equilibrium propagation", "learner: both phases"]
    last = stored.error.isel(epoch=-1)
    assert last.sizes["seed"] >= 5
    drawn = last.drop_sel(way=told)
    assert float(last.sel(way=told).max()) < float(drawn.min())
    noise = stored.noise.sel(stage=stored.stage > 0)
    assert float((noise.drop_sel(way=told).min("way") / noise.sel(way=told).max("way")).min()) > 4


def test_baseline_takes_most_noise_and_error_away_and_adapting_b_nothing(stored: xr.Dataset) -> None:
    mean = stored.error.isel(epoch=-1).mean("seed")
    plain, shifted = "learner: random", "learner: random, baseline"
    assert float(mean.sel(way=shifted)) < 0.7 * float(mean.sel(way=plain))
    assert (stored.noise.sel(way=shifted) < 0.5 * stored.noise.sel(way=plain)).all()
    for name in (plain, shifted):
        adaptive = stored.probability.sel(way=f"{name}, adaptive b")
        assert (abs(adaptive - 0.5) < 0.1).all()
        np.testing.assert_allclose(stored.noise.sel(way=f"{name}, adaptive b"), stored.noise.sel(way=name), rtol=0.05)


def test_mean_of_random_phases_is_equilibrium_propagation(stored: xr.Dataset) -> None:
    for name in ("random, b = 0.3", "random, b = 0.5", "random, b = 0.7", "random, whole minibatch"):
        for variable in ("angle", "size"):
            values = stored[variable]
            np.testing.assert_allclose(values.sel(way=name), values.sel(way="equilibrium propagation"), rtol=1e-3)
    one, each = (stored.draw_noise.sel(way=f"random, {name}") for name in ("whole minibatch", "b = 0.5"))
    assert (one > 2.5 * each).all()
