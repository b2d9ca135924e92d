"""What the data set of Boltzmann machines that learn by random phases must show."""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from analysis import rbm_learning
from analysis._rbm_learning import Setting, label_error
from tests.oracles import boltzmann_brute as brute
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann import BoltzmannMachine, free_energy
from thermo_cl.learning.data import Dataset, bars_and_stripes
from thermo_cl.sweep import load_netcdf

TINY = {
    "small": Setting(4, 2, 200, 2), "large": Setting(4, 2, 200, 2), "mnist": Setting(4, 3, 200, 2), "replicas": 3,
    "sweep_replicas": 2, "large_replicas": 2, "mnist_seeds": 2, "probabilities": (0.3, 0.7),
    "mnist_probabilities": (0.5,),
}  # fmt: skip
STORED = Path(__file__).parents[2] / "analysis" / "stored" / "rbm_learning.nc"


@pytest.fixture(scope="module")
def stored() -> xr.Dataset:
    return load_netcdf(STORED)


def test_costs_are_those_of_brute_force() -> None:
    data = rbm_learning.compute(**TINY)
    first = np.random.SeedSequence([0, 3]).spawn(4)[1]
    machine = BoltzmannMachine.random(9, 4, rng=np.random.default_rng(first))
    rows = bars_and_stripes(3).inputs.astype(int)
    p = brute.joint(machine)[0].sum(1)
    expected = -np.log(p[(rows << np.arange(9)).sum(1)]).mean()
    assert float(data.small_cost.isel(trainer=0, replica=0, small_phase=0)) == pytest.approx(expected, rel=1e-6)
    ends = data.mnist_cost.isel(mnist_phase=-1).sel(trainer=data.random_trainer.values).values
    assert (ends == data.mnist_cost_by_probability.sel(mnist_probability=0.5)).all()
    ends = data.mnist_error.isel(mnist_phase=-1).sel(trainer=data.random_trainer.values).values
    assert (ends == data.mnist_error_by_probability.sel(mnist_probability=0.5)).all()
    b = data.small_last_probability
    assert (b.sel(trainer=["two-term", *data.random_trainer.values]) == 0.5).all()
    assert (b.sel(trainer=["ISD, adapted b", "ISD, both"]) != 0.5).all()


def test_orderings_are_those_of_pairs_of_replicas() -> None:
    data = rbm_learning.compute(**TINY)
    for name in ("small", "large"):
        cost = data[f"{name}_cost"].isel({f"{name}_phase": -1})
        for one in data.trainer.values:
            for other in data.trainer.values:
                pairs = [float(x) for x in cost.sel(trainer=one) - cost.sel(trainer=other)]
                chosen = {"trainer": one, "other_trainer": other}
                assert float(data[f"{name}_difference"].sel(chosen)) == pytest.approx(statistics.fmean(pairs))
                error = statistics.stdev(pairs) / len(pairs) ** 0.5
                assert float(data[f"{name}_difference_error"].sel(chosen)) == pytest.approx(error)
            values = [float(x) for x in cost.sel(trainer=one)]
            assert float(data[f"{name}_final"].sel(trainer=one)) == pytest.approx(statistics.fmean(values))
            error = statistics.stdev(values) / len(values) ** 0.5
            assert float(data[f"{name}_final_error"].sel(trainer=one)) == pytest.approx(error)


def test_changes_with_b_are_from_the_same_replicas_at_half() -> None:
    data = rbm_learning.compute(**(TINY | {"probabilities": (0.3, 0.5)}))
    for name in ("small", "large"):
        change, error = data[f"{name}_change_by_probability"], data[f"{name}_change_by_probability_error"]
        assert (change.sel(probability=0.5) == 0).all()
        assert (error.sel(probability=0.5) == 0).all()
        cost = data[f"{name}_cost_by_probability"]
        pairs = (cost.sel(probability=0.3) - cost.sel(probability=0.5)).values
        assert np.abs(pairs).min() > 0
        np.testing.assert_allclose(change.sel(probability=0.3), pairs.mean(-1), rtol=1e-9)
    both = data.small_cost_by_probability.sel(probability=0.5)
    ends = data.small_cost.isel(small_phase=-1, replica=slice(2)).sel(trainer=data.random_trainer.values)
    np.testing.assert_array_equal(both.values, ends.values)


def test_errors_are_by_least_free_energy() -> None:
    rng = np.random.default_rng(2)
    machine = BoltzmannMachine(rng.normal(size=(5, 9)), rng.normal(size=5))
    pixels, labels = rng.integers(0, 2, (40, 6)), rng.integers(0, 3, 40)
    rows = np.concatenate([pixels, np.eye(3, dtype=int)[labels]], axis=1).astype(np.float32)
    data = Dataset(rows, labels, classes=3, name="random")
    wrong = 0
    for picture, truth in zip(pixels, labels, strict=True):
        candidates = np.concatenate([np.tile(picture, (3, 1)), np.eye(3, dtype=int)], axis=1)
        wrong += int(np.argmin(free_energy(machine, candidates)) != truth)
    assert 0 < wrong < 40
    assert label_error(machine, data) == wrong / 40


def _above(high: xr.DataArray, low: xr.DataArray, run: str) -> float:
    """Difference of two means over runs, in its standard errors."""
    error = np.hypot(*(float(x.std(run, ddof=1)) / np.sqrt(x.sizes[run]) for x in (high, low)))
    return float(high.mean(run) - low.mean(run)) / float(error)


@pytest.mark.parametrize(("name", "run"), [("small", "replica"), ("large", "large_replica")])
def test_trainers_are_in_order(stored: xr.Dataset, name: str, run: str) -> None:
    cost, bound = stored[f"{name}_cost"], float(stored[f"{name}_bound"])
    assert cost.sizes[run] >= 16
    assert (cost > bound).all()
    half = cost.sel({f"{name}_phase": 60_000})
    for trainer in stored.random_trainer.values:  # the same phases, of which an update takes one and not two
        assert _above(half.sel(trainer="two-term"), half.sel(trainer=trainer), run) > 3
    assert _above(half.sel(trainer="always-on, random"), half.sel(trainer="ISD"), run) > 3
    last = cost.isel({f"{name}_phase": -1})
    assert _above(last.sel(trainer="always-on, random"), last.sel(trainer="two-term"), run) > 3


def test_rare_data_phases_cost_less_than_frequent_ones(stored: xr.Dataset) -> None:
    for trainer in stored.random_trainer.values:
        by_b = stored.small_cost_by_probability.sel(random_trainer=trainer)
        assert _above(by_b.sel(probability=0.7), by_b.sel(probability=0.3), "sweep_replica") > 3
        assert _above(by_b.sel(probability=0.8), by_b.sel(probability=0.5), "sweep_replica") > 3


def test_all_trainers_learn_binarised_mnist(stored: xr.Dataset) -> None:
    assert (stored.mnist_cost.isel(mnist_phase=-1) < 0.6 * stored.mnist_cost.isel(mnist_phase=0)).all()
    assert (stored.mnist_error.isel(mnist_phase=-1) < 0.4).all()
    assert (stored.mnist_error_by_probability < 0.4).all()  # at b = 0.2 ... 0.8
    early = stored.mnist_error.sel(mnist_phase=40_000).mean("mnist_seed")
    assert (early.sel(trainer=stored.random_trainer.values) < early.sel(trainer="two-term")).all()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"replicas": 1}, "replicas"),
        ({"sweep_replicas": 4}, "sweep_replicas"),
        ({"large_replicas": 1.5}, "large_replicas"),
        ({"mnist_seeds": 0}, "mnist_seeds"),
        ({"probabilities": (0.5, 0.2)}, "probabilities"),
        ({"probabilities": ()}, "probabilities"),
        ({"mnist_probabilities": (0.5, 1.0)}, "mnist_probabilities"),
        ({"rng": -1}, "rng"),
    ],
)
def test_bad_input_is_named(change: dict, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        rbm_learning.compute(**(TINY | change))
