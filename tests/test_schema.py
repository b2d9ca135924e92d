"""docs/schema.md says what the files hold, and xarray alone reads them."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import xarray as xr
import zarr

from analysis import (
    accuracy_dissipation,
    energy_schedules,
    forward_forward,
    free_networks,
    frontier,
    mnist,
    physical_learning,
    rbm_learning,
    rules,
)
from analysis.__main__ import NAMES, STUDIES
from tests.analysis.test_datasets import SMALL, small
from tests.analysis.test_dual_propagation import few_runs
from tests.analysis.test_energy_schedules import TINY as ENERGY
from tests.analysis.test_forward_forward import FULL as FORWARD
from tests.analysis.test_free_networks import TINY as FREE
from tests.analysis.test_physical_learning import TINY as PHYSICAL
from tests.analysis.test_rbm_learning import TINY as BOLTZMANN
from tests.analysis.test_rules import FEW as RULES
from tests.analysis.test_studies import LADDERS
from tests.analysis.tiny import tiny_configuration, tiny_rules
from thermo_cl.learning import run
from thermo_cl.sweep import FUNCTIONS, Design, save_netcdf, sweep

SCHEMA = Path(__file__).parents[1] / "docs" / "schema.md"
TRAINED: dict[str, Callable[[], xr.Dataset]] = {
    "mnist": lambda: mnist.compute(tiny_rules(), seeds=1, workers=1),
    "accuracy_dissipation": lambda: accuracy_dissipation.compute(
        **(LADDERS | {"gamma": [0.1], "designs": [(5, 1)], "seeds": 1}),
        base=tiny_configuration("falk2025-mnist"),
        workers=1,
    ),
    "free_networks": lambda: free_networks.compute(**FREE),
    "rbm_learning": lambda: rbm_learning.compute(**BOLTZMANN),
    "forward_forward": lambda: forward_forward.compute(**FORWARD),
    "energy_schedules": lambda: energy_schedules.compute(**ENERGY),
    "dual_propagation": few_runs,
    "frontier": lambda: frontier.compute(**(SMALL["frontier"] | {"targets": (6.0,), "sample": 40})),
    "rules": lambda: rules.compute(**RULES),
    "physical_learning": lambda: physical_learning.compute(**PHYSICAL),
    "training metrics": lambda: run(tiny_configuration("falk2025-mnist")).metrics,
}
PROVENANCE = ("source", "parameters", "seed", "versions", "git_revision", "conventions")
READ = """
import json, sys, xarray
found = {}
for path in sys.argv[1:]:
    data = xarray.open_dataset(path).load()
    rows = {k: ["C" if k in data.coords else "V", list(v.dims), v.dtype.kind, v.attrs["units"], v.attrs["long_name"]]
            for k, v in data.variables.items()}
    found[path] = [rows, data.attrs]
assert not any("thermo_cl" in name for name in sys.modules)
print(json.dumps(found))
"""


def documented() -> dict[str, dict[str, list]]:
    """Rows of the tables by section: kind, dimensions, type, units and meaning of each name."""
    tables: dict[str, dict[str, list]] = {}
    for line in SCHEMA.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith(("| C |", "| V |")):
            dims = [] if cells[2] == "()" else cells[2].split(", ")
            tables.setdefault(section, {})[cells[1].strip("`")] = [cells[0], dims, *cells[3:]]
    return tables


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small data set of every kind, on disk."""
    folder = tmp_path_factory.mktemp("sets")
    paths = {}
    for name in (*NAMES, *STUDIES, "training metrics"):
        made = TRAINED.get(name)
        dataset = made() if made else small(name)
        paths[name] = save_netcdf(dataset, folder / f"{name}.nc")
        xr.testing.assert_identical(xr.open_dataset(paths[name]).load().as_numpy(), dataset.as_numpy())
    return paths


def test_every_set_is_as_documented_and_opens_with_xarray_alone(saved: dict[str, Path], tmp_path: Path) -> None:
    tables = documented()
    assert set(tables) == set(saved)
    arguments = [sys.executable, "-W", "error", "-c", READ, *map(str, saved.values())]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, cwd=tmp_path)
    found = json.loads(done.stdout)
    types = {"": "f", "int64": "i", "bool": "b", "text": "UO"}
    for name, path in saved.items():
        rows, attributes = found[str(path)]
        assert set(tables[name]) == set(rows), name
        for variable, (kind, dims, kept, units, meaning) in tables[name].items():
            assert [kind, dims, units, meaning] == [*rows[variable][:2], *rows[variable][3:]], (name, variable)
            assert rows[variable][2] in types[kept], (name, variable)
        assert set(attributes) == set(PROVENANCE), name
        for text in ("parameters", "versions"):
            json.loads(attributes[text])


def test_every_attribute_is_documented() -> None:
    text = SCHEMA.read_text(encoding="utf-8")
    for name in PROVENANCE:
        assert f"| `{name}` |" in text


def test_stores_are_as_documented_and_open_with_zarr_and_xarray_alone(tmp_path: Path) -> None:
    design = Design.grid(gamma=[1e-3, 1e-2, 0.1], signal=[100.0])
    function = FUNCTIONS["ladder-curves"].with_options(amplitudes=20, curves=True)
    expected = sweep(design, function, store=tmp_path / "a.zarr", chunk=2)
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    assert group.metadata.zarr_format == 3 and group.metadata.consolidated_metadata is not None
    text = SCHEMA.read_text(encoding="utf-8").partition("## stores of sweeps")[2]
    described = set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))
    assert set(group.attrs) == {*PROVENANCE, *described}
    assert set(group.attrs["coordinates"].split()) == {"gamma", "signal", "amplitude"}
    arrays = {name: array for name, array in group.arrays() if name != "chunk_checksum"}
    by_point = {name: array for name, array in arrays.items() if "point" in array.metadata.dimension_names}
    assert set(arrays) - set(by_point) == {"amplitude"}
    for array in by_point.values():
        assert array.metadata.dimension_names[0] == "point" and array.chunks[0] == 2
        assert set(array.attrs) == {"long_name", "units"}
    assert sorted(p.name for p in (tmp_path / "a.zarr" / "offset" / "c").iterdir()) == ["0", "1"]
    for index, found in enumerate(group["chunk_checksum"][:]):
        digest = hashlib.blake2b(digest_size=8)
        for name in sorted(by_point):
            digest.update(name.encode() + by_point[name][2 * index : 2 * index + 2].tobytes())
        assert int(found) == int.from_bytes(digest.digest(), "little")
    with xr.open_zarr(tmp_path / "a.zarr") as plain:
        xr.testing.assert_equal(plain.drop_vars("chunk_checksum").load(), expected.load())
        assert set(plain.coords) == {"gamma", "signal", "amplitude"}
