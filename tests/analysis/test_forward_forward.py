"""The study of forward-forward learning: what it measures, what it refuses, and what the stored one must show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from analysis import forward_forward
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import Adam, ForwardForwardNetwork, isd, learn
from thermo_cl.learning.data import mnist12k
from thermo_cl.learning.forward_forward import error_rate
from thermo_cl.sweep import load_netcdf

STORED = Path(__file__).parents[2] / "analysis" / "stored" / "forward_forward.nc"

TINY: dict[str, Any] = {
    "phases": 400, "hidden": [20, 20], "probabilities": [0.5], "settings": [(0.01, 1), (0.3, 4)],
    "setting_phases": 600, "seeds": 2, "test": 50,
}  # fmt: skip


@pytest.fixture(scope="module")
def tiny() -> xr.Dataset:
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


def test_the_stored_study_shows_what_is_said_of_it() -> None:
    """Both phases reach 8 % on 10,000 examples; random ones lose units at once, and with them errors and sameness."""
    data = load_netcdf(STORED)
    both, random = data.sel(rule="both phases"), data.sel(rule=[r for r in data.rule.values if r != "both phases"])
    assert float(both.error.isel(phase=-1).mean()) < 0.08
    assert (both.error.sel(phase=20_000) < random.error.sel(phase=20_000)).all()
    last = random.error.isel(phase=-1)  # in the end a single run may do as well
    assert (both.error.isel(phase=-1).mean() < last.mean("seed")).all()
    assert float(last.min()) < float(both.error.isel(phase=-1).max())
    early = data.active_units.sel(phase=1000, layer=1)
    assert (early.sel(rule="both phases") > early.sel(rule=random.rule)).all()
    end = data.active_units.isel(phase=-1).sel(layer=1)
    assert (np.abs(end - early) < 0.11).all()  # what is lost is lost in the first thousand phases
    assert float(end.sel(rule="random, b = 0.3").min()) < 0.05 < float(end.sel(rule="both phases").min()) - 0.7
    assert data.dead_phase.isnull().all() and data.setting_dead_phase.isnull().all()  # some unit was always left
    ten = (data.batch == 10).values
    assert float(both.setting_error[ten][0]) < 0.1 < 0.4 < float(random.setting_error[:, ten].min())


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"phases": 401}, "phases"), ({"phases": 100}, "phases"), ({"setting_phases": 0}, "setting_phases"),
        ({"probabilities": [1.0]}, "probability"), ({"probabilities": [0.0]}, "probability"), ({"seeds": 0}, "seeds"),
        ({"settings": []}, "settings"), ({"settings": [(0.0, 1)]}, "rate"), ({"settings": [(0.1, 0)]}, "batch"),
        ({"test": 0}, "test"), ({"rng": -1}, "rng"), ({"hidden": [0]}, "sizes"),
    ],
)  # fmt: skip
def test_bad_input_is_named(options: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidParameterError, match=rf"^{name} = "):
        forward_forward.compute(**(TINY | options))
