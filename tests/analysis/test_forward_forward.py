"""The study of forward-forward learning: what it measures, what it refuses, and what the stored one must show."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from analysis import _forward_forward, forward_forward
from tests.learning.data.idx_files import tiny_contents, write_folder
from thermo_cl.errors import DataError, InvalidParameterError
from thermo_cl.learning import Adam, ForwardForwardNetwork, isd, learn, two_term
from thermo_cl.learning.data import mnist, mnist12k, original
from thermo_cl.learning.forward_forward import error_rate
from thermo_cl.sweep import load_netcdf

STORED = Path(__file__).parents[2] / "analysis" / "stored" / "forward_forward.nc"

TINY: dict[str, Any] = {
    "phases": 400, "hidden": [20, 20], "probabilities": [0.5], "settings": [(0.01, 1), (0.3, 4)],
    "setting_phases": 600, "seeds": 2, "test": 50, "workers": 1,
}  # fmt: skip
FULL: dict[str, Any] = TINY | {"full": mnist12k().take(slice(150)).split(100), "full_phases": 600, "full_seeds": 2}


@pytest.fixture(scope="module", autouse=True)
def _loaded_once() -> Iterator[None]:
    """The bundle takes seconds to unpack."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward_forward, "mnist12k", functools.cache(mnist12k))
        yield


@pytest.fixture(scope="module")
def tiny(_loaded_once: None) -> xr.Dataset:
    return forward_forward.compute(**TINY, rng=3)


def test_it_is_reproducible_and_has_a_network_for_each_seed(tiny: xr.Dataset) -> None:
    xr.testing.assert_identical(forward_forward.compute(**TINY, rng=3), tiny)
    start = tiny.error.isel(phase=0)
    assert_allclose(start.sel(rule="both phases"), start.sel(rule="random, b = 0.5"))  # the same networks
    assert not np.allclose(tiny.active_units.isel(seed=0), tiny.active_units.isel(seed=1))


def test_errors_are_those_of_runs_by_hand(tiny: xr.Dataset) -> None:
    network_seed, order = np.random.default_rng(3).integers(0, 2**32, (2, 2)).tolist()[1]
    train, rest = mnist12k().split(10_000)
    network = ForwardForwardNetwork.random((784, 20, 20), rng=network_seed)
    learnt = learn(network, isd(0.5, 1), train, phases=300, optimizer=Adam(0.01), rng=order).model
    here = tiny.error.sel(rule="random, b = 0.5", seed=1, phase=300)
    assert float(here) == error_rate(learnt, rest.take(slice(50)))


def test_death_is_recorded(tiny: xr.Dataset) -> None:
    """At a rate of 0.3 random phases silence the first layer."""
    died = tiny.setting_dead_phase.sel(rule="random, b = 0.5").isel(setting=1)
    assert 100 <= float(died.sel(layer=1)) <= 600
    assert float(tiny.setting_active_units.sel(rule="random, b = 0.5", layer=1).isel(setting=1)) < 0.1
    assert tiny.dead_phase.isnull().all()


def test_without_the_files_of_mnist_there_is_no_block_of_it(tiny: xr.Dataset) -> None:
    assert not [name for name in (*tiny.variables, *tiny.dims) if str(name).startswith("full")]
    assert "full" not in json.loads(tiny.attrs["parameters"])


def test_all_of_mnist_is_learnt_beside_the_rest(tiny: xr.Dataset) -> None:
    data = forward_forward.compute(**FULL, rng=3)
    xr.testing.assert_equal(data[list(tiny.data_vars)], tiny)
    assert data.full_error.dims == ("full_rule", "full_seed", "full_phase")
    assert data.full_active_units.shape == (2, 2, data.sizes["full_phase"], 2)
    assert list(data.full_rule.values) == ["both phases", "random, b = 0.5"] and data.full_phase[-1] == 600
    network_seed, order = np.random.default_rng(3).integers(0, 2**32, (2, 2)).tolist()[1]
    network = ForwardForwardNetwork.random((784, 20, 20), rng=network_seed)
    learnt = learn(network, two_term(1), FULL["full"][0], phases=600, optimizer=Adam(0.01), rng=order).model
    assert float(data.full_error.isel(full_rule=0, full_seed=1, full_phase=-1)) == error_rate(learnt, FULL["full"][1])
    assert json.loads(data.attrs["parameters"])["full"]["train"] == 100


def test_all_of_mnist_may_be_named_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in tiny_contents().items():
        monkeypatch.setitem(original.CONTENTS, name, hashlib.sha256(content).hexdigest())
    few = FULL | {"probabilities": [], "full_probabilities": [], "seeds": 1, "full_seeds": 1}
    data = forward_forward.compute(**(few | {"full": write_folder(tmp_path)}), rng=3)
    named = forward_forward.compute(**(few | {"full": mnist(tmp_path)}), rng=3)
    xr.testing.assert_identical(data, named)
    assert str(tmp_path) not in json.dumps(data.attrs)
    with pytest.raises(DataError, match="train-images"):
        forward_forward.compute(**(FULL | {"full": Path(__file__).parent}))


def test_an_interrupted_study_goes_on(tiny: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work, done = _forward_forward._done, []

    def interrupted(job: _forward_forward.Job) -> _forward_forward.Run:
        if len(done) == 5:
            raise KeyboardInterrupt
        done.append(job)
        return work(job)

    monkeypatch.setattr(_forward_forward, "_done", interrupted)
    with pytest.raises(KeyboardInterrupt):
        forward_forward.compute(**TINY, folder=tmp_path, rng=3)
    assert len(list(tmp_path.iterdir())) == 5 and all(path.suffix == ".json" for path in tmp_path.iterdir())
    monkeypatch.setattr(_forward_forward, "_done", lambda job: done.append(job) or work(job))
    xr.testing.assert_identical(forward_forward.compute(**TINY, folder=tmp_path, rng=3), tiny)
    assert len(done) == len(set(done)) == len(list(tmp_path.iterdir())) == 8
    monkeypatch.setattr(_forward_forward, "_done", None)  # nothing is run twice
    xr.testing.assert_identical(forward_forward.compute(**TINY, folder=tmp_path, rng=3), tiny)


@pytest.mark.parametrize(
    ("change", "runs"),
    [({"phases": 600}, 4), ({"hidden": [20, 21]}, 8), ({"probabilities": [0.4]}, 4), ({"test": 40}, 8),
     ({"settings": [(0.01, 1), (0.2, 4)]}, 2), ({"seeds": 3}, 2), ({"code": "other"}, 8)],
)  # fmt: skip
def test_runs_of_other_settings_are_not_mixed_up(
    change: dict[str, Any], runs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many runs are done as the change concerns, and what was kept before is still good."""
    done: list[_forward_forward.Job] = []

    def nothing(job: _forward_forward.Job) -> _forward_forward.Run:
        done.append(job)
        return _forward_forward.Run(np.zeros(len(job.points)), np.zeros((len(job.points), 2)), np.full(2, np.nan))

    monkeypatch.setattr(_forward_forward, "_done", nothing)
    forward_forward.compute(**TINY, folder=tmp_path)
    assert len(done) == 8
    with monkeypatch.context() as patch:
        if code := change.get("code"):
            patch.setattr(_forward_forward, "code_digest", lambda: code)
        forward_forward.compute(**(TINY | {k: v for k, v in change.items() if k != "code"}), folder=tmp_path)
    assert len(done) == 8 + runs
    forward_forward.compute(**TINY, folder=tmp_path)
    assert len(done) == 8 + runs


def test_processes_change_nothing(tmp_path: Path) -> None:
    train, test = FULL["full"]
    jobs = [
        _forward_forward.Job(f"b-{b}", isd(b, 1), 0.01, 1, (784, 6), (0, 200, 10 * n), (1, 2), train, test)
        for n, b in ((40, 0.3), (60, 0.7))
    ]
    alone = _forward_forward.run_all({"one": [jobs]}, workers=1)
    beside = _forward_forward.run_all({"one": [jobs]}, tmp_path, workers=2)
    for ours, theirs in zip(beside["one"][0], alone["one"][0], strict=True):
        for name, values in vars(theirs).items():
            np.testing.assert_array_equal(vars(ours)[name], values)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(job.file() for job in jobs)


def test_the_stored_study_shows_what_is_said_of_it() -> None:
    """Both phases reach 8 % on 10,000 examples; random ones lose units at once, and with them errors and sameness."""
    data = load_netcdf(STORED)
    both, random = data.sel(rule="both phases"), data.sel(rule=[r for r in data.rule.values if r != "both phases"])
    assert float(both.error.isel(phase=-1).mean()) < 0.08
    assert (both.error.sel(phase=20_000) < random.error.sel(phase=20_000)).all()
    assert float(random.error.isel(phase=-1).min()) > float(both.error.isel(phase=-1).max())
    early = data.active_units.sel(phase=1000, layer=1)
    assert (early.sel(rule="both phases") > early.sel(rule=random.rule)).all()
    end = data.active_units.isel(phase=-1).sel(layer=1)
    assert (np.abs(end - early) < 0.11).all()  # what is lost is lost in the first thousand phases
    assert float(end.sel(rule="random, b = 0.3").min()) < 0.05 < float(end.sel(rule="both phases").min()) - 0.7
    assert data.dead_phase.isnull().all() and data.setting_dead_phase.isnull().all()  # some unit was always left
    ten = (data.batch == 10).values
    assert float(both.setting_error[ten][0]) < 0.1 < 0.4 < float(random.setting_error[:, ten].min())


def test_the_stored_study_shows_all_of_mnist() -> None:
    """Both phases come under 8 % on the 10,000 test images, and stay below random ones at equal phases."""
    data = load_netcdf(STORED)
    assert json.loads(data.attrs["parameters"])["full"] == {
        "data": "mnist-train", "phases": 400_000, "train": 60_000, "test": 10_000,
    }  # fmt: skip
    both, random = (data.full_error.sel(full_rule=name) for name in ("both phases", "random, b = 0.5"))
    assert (both.sel(full_phase=slice(140_000, None)) < 0.08).all()
    assert float(both.isel(full_phase=-1).max()) < 0.06 < 0.07 < float(random.isel(full_phase=-1).min()) < 0.085
    assert (both.sel(full_phase=slice(6000, None)) < random.sel(full_phase=slice(6000, None))).all()
    end = data.full_active_units.isel(full_phase=-1).sel(layer=1)
    assert (
        float(end.sel(full_rule="random, b = 0.5").max()) < 0.3 < 0.75 < float(end.sel(full_rule="both phases").min())
    )
    assert data.full_dead_phase.isnull().all()


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"phases": 401}, "phases"), ({"phases": 100}, "phases"), ({"setting_phases": 0}, "setting_phases"),
        ({"probabilities": [1.0]}, "probability"), ({"probabilities": [0.0]}, "probability"), ({"seeds": 0}, "seeds"),
        ({"settings": []}, "settings"), ({"settings": [(0.0, 1)]}, "rate"), ({"settings": [(0.1, 0)]}, "batch"),
        ({"test": 0}, "test"), ({"full_phases": 300.5}, "full_phases"), ({"full_seeds": 0}, "full_seeds"),
        ({"full": Path("nowhere")}, "folder"), ({"workers": 0}, "workers"),
        ({"rng": -1}, "rng"), ({"hidden": [0]}, "sizes"),
    ],
)  # fmt: skip
def test_bad_input_is_named(options: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidParameterError, match=rf"^{name} = "):
        forward_forward.compute(**(TINY | options))
