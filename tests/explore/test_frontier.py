"""The shipped table against the data set that it is made from, and every line of it against the library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import thermo_cl as tcl
from thermo_cl.explore.data.__main__ import frontier_csv
from thermo_cl.explore.frontier import frontier, least_rate

ROOT = Path(__file__).parents[2]


def test_the_table_is_what_its_command_writes() -> None:
    shipped = ROOT / "thermo_cl" / "explore" / "data" / "frontier.csv"
    assert frontier_csv(ROOT / "analysis" / "stored" / "frontier.nc") == shipped.read_text()


def test_every_line_is_a_ladder_of_that_accuracy_and_price() -> None:
    known = frontier()
    assert known.rate.shape == (known.levels.size, known.accuracy.size)
    for k, n in enumerate(known.levels.tolist()):
        gamma, factor, step, reference, signal = known.parameters[k].T
        ladder = tcl.Ladder(gamma, factor, n_levels=n, reference_level=reference, energy_step=step)
        moments = ladder.step_moments(signal)
        assert_allclose(ladder.entropy_production_rate(), known.rate[k], rtol=1e-9)
        assert_allclose(np.log(moments.first_moment / np.abs(moments.area)), known.accuracy, rtol=1e-6)


def test_between_the_lines_of_the_table() -> None:
    """Leaving out every other accuracy, the interpolation misses it by four times as much as the full table does."""
    known = frontier()
    for k, n in enumerate(known.levels.tolist()):
        coarse = np.exp(np.interp(known.accuracy[1::2], known.accuracy[::2], np.log(known.rate[k, ::2])))
        assert np.median(np.abs(coarse / known.rate[k, 1::2] - 1.0)) < 0.04
        assert least_rate(n, float(known.accuracy[3])) == pytest.approx(known.rate[k, 3], rel=1e-12)
    assert np.isnan(least_rate(5, 1.9))
    assert np.isnan(least_rate(5, 10.1))
    assert np.isnan(least_rate(6, 5.0))
    assert np.isnan(least_rate(5, float("nan")))
