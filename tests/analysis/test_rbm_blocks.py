"""The study of Boltzmann machines goes on where it was interrupted, and never with blocks of another setting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from analysis import _rbm_blocks, rbm_learning
from analysis._rbm_blocks import Shelf, Task, block
from analysis._rbm_learning import Setting
from tests.analysis.test_rbm_learning import TINY
from thermo_cl.learning.data import bars_and_stripes
from thermo_cl.sweep import load_netcdf, save_netcdf

BARS = bars_and_stripes(2)
TASK = Task("small", Setting(3, 2, 60, 2), BARS, BARS, 3)


class StoppedError(Exception):
    """In place of a user who interrupts."""


def test_interrupted_study_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, learn, folder, left = rbm_learning.compute(**TINY), _rbm_blocks.learn_replicas, tmp_path / "runs", [12]

    def counted(*arguments: Any, **options: Any) -> object:
        if left[0] == 0:
            raise StoppedError
        left[0] -= 1
        return learn(*arguments, **options)

    monkeypatch.setattr(_rbm_blocks, "learn_replicas", counted)
    with pytest.raises(StoppedError):
        rbm_learning.compute(**TINY, folder=folder)
    assert len(list(folder.iterdir())) == 12
    left[0] = 25  # 7 trainers thrice, 4 of them at two other b twice: 37 blocks
    xr.testing.assert_identical(rbm_learning.compute(**TINY, folder=folder), whole)
    assert left == [0]
    monkeypatch.setattr(_rbm_blocks, "learn_replicas", None)  # nothing is run twice
    xr.testing.assert_identical(rbm_learning.compute(**TINY, folder=folder), whole)


@pytest.mark.parametrize(
    ("task", "replicas", "seed"),
    [
        (Task("small", Setting(4, 2, 60, 2), BARS, BARS, 3), 2, 0),
        (Task("small", Setting(3, 2, 60, 2, rate=0.1), BARS, BARS, 3), 2, 0),
        (Task("small", Setting(3, 5, 60, 2), BARS, BARS, 3), 2, 0),
        (TASK, 3, 0),
        (TASK, 2, 1),
    ],
)
def test_a_block_of_another_setting_is_replaced(task: Task, replicas: int, seed: int, tmp_path: Path) -> None:
    at = [0, 30, 60]
    before = block(Shelf.at(tmp_path, 0), TASK, "ISD", 0.5, at, 2)
    found = block(Shelf.at(tmp_path, seed), task, "ISD", 0.5, at, replicas)
    assert not found.equals(before)
    xr.testing.assert_identical(found, block(Shelf.at(None, seed), task, "ISD", 0.5, at, replicas))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_block_of_other_versions_is_made_again(tmp_path: Path) -> None:
    shelf = Shelf.at(tmp_path, 0)
    found = block(shelf, TASK, "ISD, both", 0.5, [60], 2)
    (path,) = tmp_path.iterdir()
    other = found.assign(cost=found["cost"] + 1.0)
    save_netcdf(other, path, force=True)
    xr.testing.assert_equal(block(shelf, TASK, "ISD, both", 0.5, [60], 2), other)
    save_netcdf(other.assign_attrs(versions="{}"), path, force=True)
    xr.testing.assert_identical(block(shelf, TASK, "ISD, both", 0.5, [60], 2), found)
    xr.testing.assert_identical(load_netcdf(path), found)


def test_more_replicas_begin_with_the_fewer() -> None:
    for trainer in ("two-term", "ISD, both"):
        few, many = (block(Shelf.at(None, 0), TASK, trainer, 0.5, [30, 60], n) for n in (2, 4))
        xr.testing.assert_equal(many.isel(replica=slice(2)), few)
