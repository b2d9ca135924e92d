"""The study of dual propagation: its runs are those by hand, go on after an interruption, and tell where they stop."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from analysis import _dual_propagation, _jobs, dual_propagation
from analysis._dual_propagation import Job, Run, Setting, rules
from thermo_cl.errors import DataError, InvalidParameterError
from thermo_cl.learning import Adam, train
from thermo_cl.learning.data import mnist12k
from thermo_cl.learning.dyadic import DualPropagation
from thermo_cl.learning.feedforward import Convolution, FeedForwardNetwork, ForwardBackpropagation, MeanPooling
from thermo_cl.learning.robustness import FGSM, AdversarialTraining, lipschitz_product
from thermo_cl.learning.training import evaluate

STORED = Path(__file__).parents[2] / "analysis" / "stored" / "dual_propagation.nc"
EXAMPLES = mnist12k().take(slice(260)).split(200)
FILTERS = (Convolution(2, 5, stride=3), Convolution(2, 3, pooling=MeanPooling(2)), 10)
DENSE = Setting((6, 5, 10), train=100, epochs=2, sweeps=3, attacked=20)
TINY: dict[str, Any] = {
    "settings": {
        "dense": DENSE,
        "convolutional": Setting(FILTERS, (1, 28, 28), train=50, epochs=1, sweeps=2, attacked=10),
    },
    "seeds": 2, "sizes": (0.0, 0.1), "test": 40, "workers": 1, "full": EXAMPLES,
}  # fmt: skip
FEW = TINY | {"settings": {"dense": replace(DENSE, epochs=1)}, "seeds": 1}


@pytest.fixture(scope="module")
def tiny() -> Iterator[xr.Dataset]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dual_propagation, "mnist12k", functools.cache(mnist12k))
        yield dual_propagation.compute(**TINY, rng=3)


@functools.cache
def few_runs() -> xr.Dataset:
    """One epoch of all rules; the schema is compared with the same."""
    return dual_propagation.compute(**FEW, rng=3)


@pytest.fixture(scope="module")
def few() -> xr.Dataset:
    return few_runs()


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("backpropagation", ForwardBackpropagation()),
        ("adversarial training", AdversarialTraining(ForwardBackpropagation(), FGSM(0.1))),
        ("DPT, alpha = 0", DualPropagation(0, 0.5)),
        ("damped DP, alpha = 1", DualPropagation(1, 0.5, form="damped", sweeps=3)),
    ],
)
def test_runs_are_those_by_hand(name: str, rule: Any, tiny: xr.Dataset) -> None:
    weights, order = np.random.default_rng(3).integers(0, 2**32, (2, 2)).tolist()[1]
    start = FeedForwardNetwork.random(784, (6, 5, 10), rng=weights)
    here = tiny.sel(network="dense", rule=name, seed=1)
    for epochs in (1, 2):
        done = train(
            start, rule, EXAMPLES[0].take(slice(100)), epochs=epochs, optimizer=Adam(1e-3), batch=50, rng=order,
            shuffle=True,
        )  # fmt: skip
        now = here.sel(epoch=epochs)
        assert float(now.test_accuracy) == 1 - evaluate(done.network, EXAMPLES[1].take(slice(40))).error
        assert float(now.train_error) == float(done.metrics["running_error"][-1])
        assert_allclose(now.lipschitz_product, lipschitz_product(done.network))
        w1, w2, w3 = (np.asarray(w, float) for w in done.network.weights)
        assert_allclose(now.lipschitz_product, np.linalg.norm(w1 @ w2 @ w3, 2), rtol=1e-6)
        assert_allclose(now.layer_norm, [np.linalg.norm(w, 2) for w in (w1, w2, w3)], rtol=1e-5)
    right = (done.network.outputs(EXAMPLES[1].inputs[:20]).argmax(1) == EXAMPLES[1].labels[:20]).mean()
    assert_allclose(here.robust_accuracy.sel(size=0.0), right)


def test_it_is_reproducible_and_all_rules_start_alike(tiny: xr.Dataset, few: xr.Dataset) -> None:
    again = dual_propagation.compute(**FEW, rng=3)
    xr.testing.assert_identical(few, again)
    first = tiny.stability_number.isel(probe=0)
    assert (first == first.isel(rule=0)).all() and (first.isel(seed=0) != first.isel(seed=1)).all()
    shared = {"network": "dense", "seed": 0, "probe": 1}
    assert_array_equal(tiny.angle.sel(shared), again.angle.sel(shared))


def test_angles_and_inner_loops(tiny: xr.Dataset) -> None:
    """No angle of backpropagation; DPT is exact at the output; one sweep is one sweep; loops of others take several."""
    assert float(tiny.angle.sel(rule="backpropagation").max()) < 1e-3
    assert float(tiny.angle.sel(rule=["DPT, alpha = 0", "DPT, alpha = 1"], layer=3).max()) < 1e-3
    dense = tiny.sel(network="dense")
    assert float(dense.angle.sel(rule="DP, alpha = 0", probe=0, layer=3).min()) > 0.1
    assert (dense.inner_sweeps.sel(rule=["DPT, alpha = 0", "DPT, alpha = 1"]) == 1).all()
    plain = dense.sel(rule=["DP, alpha = 0", "DP, alpha = 1"])
    assert float(plain.inner_sweeps.min()) > 2
    assert (plain.inner_sweeps.isnull() == (plain.inner_outcome.sel(outcome="converged") == 0)).all()
    half = dense.inner_sweeps.sel(rule="DP, alpha = 1/2")  # 1 where no unit is moved over its kink
    assert (half >= 1).all() and float(half.mean()) < float(plain.inner_sweeps.mean())
    none = dense.sel(rule=["backpropagation", "adversarial training"])
    assert none.inner_sweeps.isnull().all() and none.inner_outcome.isnull().all()
    told = [*none.rule.values, "DP, alpha = 1, checked"]  # that one may stop
    shares = dense.inner_outcome.drop_sel(rule=told).sum("outcome")
    assert_allclose(shares, 1)


def test_shorter_runs_end_in_nan(tiny: xr.Dataset) -> None:
    short = tiny.sel(network="convolutional")
    for name in ("test_accuracy", "train_error", "lipschitz_product", "layer_norm"):
        assert short[name].sel(epoch=2).isnull().all() and short[name].sel(epoch=1).notnull().all()
    assert short.angle.sel(probe=2).isnull().all()
    assert short.stopped_epoch.isnull().all() and (short.stopped_reason == "").all()


def test_at_one_half_all_forms_are_one() -> None:
    """The reason why they are run once."""
    data, _ = EXAMPLES
    inputs, targets = data.inputs[:50].astype(np.float32), np.eye(10, dtype=np.float32)[data.labels[:50]]
    network = DENSE.network(5)
    found = [
        DualPropagation(0.5, 0.5, form=form, sweeps=4)
        .estimate(network, inputs, targets, (), np.random.default_rng(0)).gradient
        for form in ("adjoint", "plain", "damped")
    ]  # fmt: skip
    for name, value in found[0].items():
        assert_array_equal(found[1][name], value)
        assert_array_equal(found[2][name], value)


@functools.cache
def strong(name: str, epochs: int = 3) -> Run:
    """A run from weights so large that plain inner loops grow fast."""

    class Strong(Setting):
        def network(self, seed: int) -> FeedForwardNetwork:
            small = super().network(seed)
            return small.with_parameters({n: 8 * a for n, a in small.parameters.items()})

    setting = Strong((20, 20, 10), train=150, epochs=epochs, sweeps=40, attacked=20)
    job = Job(name, rules(40)[name], setting, (1, 2), (0.0,), EXAMPLES[0].take(slice(150)), EXAMPLES[1])
    return _dual_propagation._done(job)


def test_divergence_is_told_with_epoch_and_minibatch() -> None:
    run = strong("DP, alpha = 1")
    assert_array_equal(run.stopped, [1, 1])
    assert run.reason.startswith("DivergenceError: ") and "epoch 1, minibatch 1" in run.reason
    assert np.isnan(run.test_accuracy).all() and np.isnan(run.robust).all()
    assert run.probes[0, 0] > 10 and run.probes[0, 4] == 1  # stability number; all minibatches diverge
    checked = strong("DP, alpha = 1, checked")
    assert_array_equal(checked.stopped, [1, 1])
    assert "inner loop diverges" in checked.reason and "stability number" in checked.reason


def test_damping_is_refused_where_it_cannot_help() -> None:
    """At alpha = 0 above the threshold; the adjoint form goes on."""
    assert strong("damped DP, alpha = 0", epochs=1).probes[0, 5] == 1
    whole = strong("DPT, alpha = 0")
    assert np.isnan(whole.stopped).all() and not np.isnan(whole.test_accuracy).any() and whole.reason == ""


def test_messages_name_no_place_of_this_machine(tmp_path: Path) -> None:
    reason = strong("DP, alpha = 1").reason
    assert "checkpoint" not in reason and "kept" not in reason and str(tmp_path.parent) not in reason


def test_an_interrupted_study_goes_on(few: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work, done = _dual_propagation._done, []

    def interrupted(job: Job) -> Run:
        if len(done) == 4:
            raise KeyboardInterrupt
        done.append(job)
        return work(job)

    monkeypatch.setattr(_dual_propagation, "_done", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dual_propagation.compute(**FEW, folder=tmp_path, rng=3)
    assert len(list(tmp_path.iterdir())) == 4 and all(path.suffix == ".json" for path in tmp_path.iterdir())
    monkeypatch.setattr(_dual_propagation, "_done", lambda job: done.append(job) or work(job))
    xr.testing.assert_identical(dual_propagation.compute(**FEW, folder=tmp_path, rng=3), few)
    assert len(done) == len(list(tmp_path.iterdir())) == 10
    monkeypatch.setattr(_dual_propagation, "_done", None)  # nothing is run twice
    xr.testing.assert_identical(dual_propagation.compute(**FEW, folder=tmp_path, rng=3), few)


@pytest.mark.parametrize(
    ("change", "runs"),
    [
        ({"settings": {"dense": replace(DENSE, epochs=3)}}, 10), ({"sizes": (0.0, 0.2)}, 10), ({"test": 30}, 10),
        ({"seeds": 2}, 10), ({"settings": {"dense": FEW["settings"]["dense"], "other": DENSE}}, 10),
    ],
)  # fmt: skip
def test_runs_of_other_settings_are_not_mixed_up(
    change: dict[str, Any], runs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Job] = []

    def nothing(job: Job) -> Run:
        done.append(job)
        n, probes = job.setting.epochs, sum(p <= job.setting.epochs for p in _dual_propagation.PROBES)
        curves = (np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((n, 3)))
        return Run(*curves, np.zeros((probes, 9)), np.zeros((2, len(job.sizes))), np.full(2, np.nan), "")

    monkeypatch.setattr(_dual_propagation, "_done", nothing)
    dual_propagation.compute(**FEW, folder=tmp_path)
    dual_propagation.compute(**(FEW | change), folder=tmp_path)
    assert len(done) == 10 + runs
    dual_propagation.compute(**FEW, folder=tmp_path)
    assert len(done) == 10 + runs


def test_processes_change_nothing(tmp_path: Path) -> None:
    train_part, test = EXAMPLES[0].take(slice(50)), EXAMPLES[1]
    jobs = [
        Job(f"run{len(name)}", rule, replace(DENSE, epochs=1), (1, 2), (0.1,), train_part, test)
        for name, rule in list(rules(2).items())[3:5]
    ]
    alone = _dual_propagation.run_all({"one": [jobs]}, workers=1)
    beside = _dual_propagation.run_all({"one": [jobs]}, tmp_path, workers=2)
    for ours, theirs in zip(beside["one"][0], alone["one"][0], strict=True):
        for name, values in vars(theirs).items():
            np.testing.assert_array_equal(vars(ours)[name], values)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(_jobs.file_name(job) for job in jobs)


def test_the_data_may_be_bundled_and_are_named(tiny: xr.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Job] = []

    def stop(blocks: dict[str, list[list[Job]]], folder: Path | None, *, workers: int) -> None:
        asked.extend(job for rows in blocks.values() for row in rows for job in row)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dual_propagation, "run_all", stop)
        with pytest.raises(KeyboardInterrupt):
            dual_propagation.compute(test=1500)
    assert len(asked) == 3 * 10 * 3 and len({job.name for job in asked}) == 90
    assert sorted({len(job.train) for job in asked}) == [4000, 5000, 10_000]  # of the bundled, all that there are
    assert {len(job.test) for job in asked} == {1500}
    assert json.loads(tiny.attrs["parameters"])["test"] == 40
    with pytest.raises(DataError, match="train-images"):
        dual_propagation.compute(**(FEW | {"full": Path(__file__).parent}))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"settings": {}}, "settings"), ({"settings": {"x": Setting((10,))}}, "settings"), ({"seeds": 0}, "seeds"),
        ({"sizes": ()}, "sizes"), ({"sizes": (0.1, 0.1)}, "sizes"), ({"sizes": (-0.1,)}, "sizes"),
        ({"test": 0}, "test"), ({"full": Path("nowhere")}, "folder"), ({"workers": 0}, "workers"), ({"rng": -1}, "rng"),
    ],
)  # fmt: skip
def test_bad_input_is_named(options: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidParameterError, match=rf"^{name} = "):
        dual_propagation.compute(**(FEW | options))


def test_what_is_said_of_the_stored_study_is_so() -> None:
    with xr.open_dataset(STORED) as stored:
        stored.load()
    assert stored.train_size.sel(network="784-512-512-10") == 60_000 and stored.seed.size == 3
    large, convolutional = (stored.sel(network=name) for name in ("784-512-512-10", "convolutional"))
    accuracy = 100 * large.test_accuracy.isel(epoch=-1).mean("seed")
    exact = accuracy.sel(rule="backpropagation")
    adjoint = accuracy.sel(rule=["DPT, alpha = 0", "DP, alpha = 1/2", "DPT, alpha = 1"])  # one rule at alpha = 1/2
    assert exact >= 98 and (adjoint >= 98).all() and (abs(adjoint - exact) <= 0.3).all()

    stopped = large.stopped_epoch.notnull()
    assert stopped.sel(rule="DP, alpha = 1").sum() == 2 and stopped.sel(rule="DP, alpha = 1, checked").all()
    assert not stopped.drop_sel(rule=["DP, alpha = 1", "DP, alpha = 1, checked"]).any()
    for reason in large.stopped_reason.sel(rule="DP, alpha = 1, checked").values:
        assert "stability number" in reason
    assert accuracy.sel(rule="damped DP, alpha = 1") < 95
    assert stored.stopped_epoch.sel(network="784-128-128-10", rule="DP, alpha = 1").notnull().all()
    assert convolutional.stopped_epoch.isnull().all()
    others = 100 * convolutional.test_accuracy.sel(epoch=6).mean("seed").drop_sel(rule="adversarial training")
    assert (abs(others - others.sel(rule="backpropagation")) < 0.2).all()

    product = large.lipschitz_product.isel(epoch=-1)
    for rule in ("DP, alpha = 0", "damped DP, alpha = 0"):
        gain = product.sel(rule="backpropagation") - product.sel(rule=rule)
        assert (gain > 0).all() and gain.mean() > 2 * gain.std(ddof=1) / np.sqrt(gain.size)
    gain = product.sel(rule="backpropagation") - product.sel(rule="DPT, alpha = 0")
    assert 0 < gain.mean() < 2 * gain.std(ddof=1) / np.sqrt(gain.size)  # lower on average, not beyond the error
    attacked = large.robust_accuracy.sel(attack="PGD", size=0.04).mean("seed")
    assert attacked.sel(rule=["DP, alpha = 0", "damped DP, alpha = 0"]).min() > attacked.sel(rule="backpropagation")
