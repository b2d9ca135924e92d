"""Designs: the same rows whatever the ranges, spread as their samplers say, refused when something is missing."""

from __future__ import annotations

import hashlib
import itertools
import tracemalloc

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.stats import qmc

from thermo_cl.errors import InvalidParameterError
from thermo_cl.sweep import Design, choice, integers, log_uniform, uniform

DRAWN = {
    "gamma": log_uniform(1e-25, 1.0),
    "signal": integers(5, 250),
    "step": uniform(-1.0, 3.0),
    "levels": choice([5, 8, 12]),
    "rate_factor": 25.0,
}
SAMPLERS = {"random": Design.random, "latin-hypercube": Design.latin_hypercube, "sobol": Design.sobol}
every_sampler = pytest.mark.parametrize("make", SAMPLERS.values(), ids=SAMPLERS)
SIZE = 2**18 + 2**17 + 321  # past the end of every sampler's first block


@every_sampler
def test_rows_do_not_depend_on_how_they_are_asked_for(make) -> None:
    design = make(SIZE, rng=7, **DRAWN)
    whole = design.points()
    ends = sorted({0, 1, 3, 1000, 65535, 65537, 131072, 2**18 - 1, 2**18 + 5, SIZE - 2, SIZE})
    for name, values in whole.items():
        parts = [make(SIZE, rng=7, **DRAWN).points(a, b)[name] for a, b in itertools.pairwise(ends)]
        assert_array_equal(np.concatenate(parts), values)
    assert design.points(4, 4)["gamma"].shape == (0,)


@every_sampler
def test_values_are_those_of_their_distributions(make) -> None:
    n = 40000
    found = make(n, rng=1, **DRAWN).points()
    quantiles = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(np.quantile(np.log10(found["gamma"]), quantiles), -25 * (1 - quantiles), atol=0.3)
    np.testing.assert_allclose(np.quantile(found["step"], quantiles), 4 * quantiles - 1, atol=0.05)
    assert found["gamma"].min() >= 1e-25 and found["gamma"].max() <= 1.0
    assert_array_equal(np.unique(found["signal"]), np.arange(5, 250))
    assert found["signal"].dtype == found["levels"].dtype == np.int64
    counts = np.unique(found["levels"], return_counts=True)
    assert_array_equal(counts[0], [5, 8, 12])
    np.testing.assert_allclose(counts[1], n / 3, rtol=0.05)
    assert_array_equal(found["rate_factor"], 25.0)


def test_sobol_points_are_scipy_s() -> None:
    n = 2**18 + 100
    found = Design.sobol(n, rng=5, x=uniform(0.0, 1.0), y=uniform(0.0, 1.0)).points()
    expected = qmc.Sobol(2, rng=np.random.default_rng(5), bits=32).random(2**19)[:n]
    assert_array_equal(np.stack([found["x"], found["y"]], axis=-1), expected)


@pytest.mark.parametrize("n", [1, 10, 1000, 65536])
def test_latin_hypercubes_have_one_point_in_each_stratum(n: int) -> None:
    found = Design.latin_hypercube(n, rng=5, x=uniform(0.0, 1.0), y=uniform(0.0, 1.0)).points()
    for values in found.values():
        assert_array_equal(np.sort((values * n).astype(int)), np.arange(n))
    if n > 100:
        assert abs(np.corrcoef(found["x"], found["y"])[0, 1]) < 0.1


def test_large_latin_hypercubes_are_one_after_the_other() -> None:
    n, block = 65536 + 50, 65536
    x = Design.latin_hypercube(n, rng=5, x=uniform(0.0, 1.0)).points()["x"]
    assert_array_equal(np.sort((x[:block] * block).astype(int)), np.arange(block))
    assert_array_equal(np.sort((x[block:] * 50).astype(int)), np.arange(50))


@given(st.lists(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=4), min_size=1, max_size=4), st.data())
def test_grids_are_products(axes, data) -> None:
    design = Design.grid(**{f"p{i}": axis for i, axis in enumerate(axes)})
    rows = list(itertools.product(*axes))
    assert len(design) == len(rows)
    start = data.draw(st.integers(0, len(rows)))
    stop = data.draw(st.integers(start, len(rows)))
    found = design.points(start, stop)
    assert list(zip(*(found[f"p{i}"] for i in range(len(axes))), strict=True)) == rows[start:stop]


def test_tables_are_their_rows() -> None:
    table = xr.Dataset(
        {"gamma": ("ladder", [0.1, 0.2, 0.3], {"long_name": "drive", "units": "1"}), "signal": 200.0},
        {"ladder": [5, 6, 7]},
    )
    design = Design.from_dataset(table)
    assert len(design) == 3
    assert_array_equal(design.points(1, 3)["gamma"], [0.2, 0.3])
    assert_array_equal(design.points(1, 3)["signal"], [200.0, 200.0])
    assert design.labels == {"gamma": ("drive", "1")}


@pytest.mark.parametrize("make", SAMPLERS.values(), ids=SAMPLERS)
def test_memory_does_not_grow_with_the_design(make) -> None:
    n = 2**31
    tracemalloc.start()
    design = make(n, rng=1, gamma=log_uniform(1e-25, 1.0), signal=integers(5, 250))
    start = 3 * 2**18 if make == Design.sobol else n - 1000
    assert design.points(start, start + 1000)["gamma"].shape == (1000,)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(design) == n
    assert peak < 40e6


def test_the_hash_is_that_of_the_numbers() -> None:
    def design(n=100, rng=3, low=1e-25, make=Design.random):
        return make(n, rng=rng, gamma=log_uniform(low, 1.0))

    assert design().hash == design().hash
    others = [design(n=101), design(rng=4), design(low=1e-24), design(make=Design.sobol)]
    assert len({d.hash for d in [design(), *others]}) == 5
    tables = [Design.from_dataset(xr.Dataset({"gamma": ("i", [0.1, x])})).hash for x in (0.2, 0.3, 0.2)]
    assert tables[0] == tables[2] != tables[1]
    described = b'{"parameters": {"gamma": [0.1]}, "sampler": "grid"}'
    assert Design.grid(gamma=[0.1]).hash == hashlib.sha256(described).hexdigest()


def test_seeds_come_from_generators_too() -> None:
    def rows(rng):
        return Design.random(5, rng=rng, x=uniform(0.0, 1.0)).points()["x"]

    assert_array_equal(rows(np.random.default_rng(1)), rows(np.random.default_rng(1)))
    assert (rows(np.random.default_rng(1)) != rows(np.random.default_rng(2))).all()
    assert (rows(None) != rows(None)).all()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Design.grid, "parameters"),
        (lambda: Design.grid(gamma=[0.1, np.nan, 0.3, np.inf]), "not in row 1, 3"),
        (
            lambda: Design.grid(gamma=[0.1, None]),
            "gamma = nan is not valid: it must be finite in every row; not in row 1",
        ),
        (lambda: Design.grid(gamma=["a"]), "real numbers"),
        (lambda: Design.grid(gamma=[[0.1]]), "gamma.shape"),
        (lambda: Design.grid(gamma=[]), "gamma.shape"),
        (lambda: Design.random(0, gamma=0.1), "n = 0"),
        (lambda: Design.random(10**20, gamma=0.1), "points = 100000000000000000000"),
        (lambda: Design.grid(**{name: range(10_000) for name in "abcdef"}), "points = "),
        (lambda: Design.random(5, gamma=np.nan), "gamma = nan"),
        (lambda: Design.random(5, gamma="log"), "gamma"),
        (lambda: Design.random(5, rng=-1, gamma=0.1), "rng = -1"),
        (lambda: Design.sobol(2**32 + 1, gamma=0.1), "at most 4294967296"),
        (lambda: log_uniform(0.0, 1.0), "low = 0.0"),
        (lambda: uniform(1.0, 1.0), "in increasing order"),
        (lambda: uniform(0.0, np.inf), "high = inf"),
        (lambda: integers(1.5, 3), "low = 1.5"),
        (lambda: integers(3, 3), "in increasing order"),
        (lambda: choice([]), "members.shape"),
        (lambda: Design.random(5, gamma=0.1).points(2, 6), "from 0 to 5"),
        (lambda: Design.from_dataset(xr.Dataset({"a": ("x", [1.0]), "b": ("y", [1.0])})), "over one dimension"),
        (lambda: Design.from_dataset(xr.Dataset({"a": (("x", "y"), [[1.0]])})), "over one dimension"),
        (lambda: Design.from_dataset(xr.Dataset()), "parameters"),
        (
            lambda: Design.from_dataset(xr.Dataset({"a": ("x", np.where(np.arange(20) % 2, np.nan, 1.0))})),
            "not in row 1, 3, 5, 7, 9 and 5 more",
        ),
    ],
)
def test_designs_that_lack_something_are_refused(make, said: str) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        make()
    assert said in str(refusal.value)
