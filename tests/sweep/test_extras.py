"""A package that only large sweeps need, missing: told before work starts, by the extra that brings it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.sweep import swept
from thermo_cl.errors import SweepError
from thermo_cl.sweep import Design, open_store, store_info, sweep

DESIGN = Design.grid(x=[1.0, 2.0])


@pytest.mark.parametrize("package", ["zarr", "dask"])
def test_stores_without_their_packages(package: str, monkeypatch, tmp_path: Path) -> None:
    made, wanted = tmp_path / "made.zarr", tmp_path / "wanted.zarr"
    sweep(DESIGN, swept.plain, store=made)
    monkeypatch.setitem(sys.modules, package, None)
    for call in (lambda: sweep(DESIGN, swept.plain, store=wanted), lambda: open_store(made), lambda: store_info(made)):
        with pytest.raises(SweepError, match=rf"needs the package {package} .*thermo-cl\[sweep\]"):
            call()
    assert not wanted.exists()
    assert sweep(DESIGN, swept.plain)["sum"].size == 2  # which needs none of them


@pytest.mark.parametrize("where", [{"workers": 1}, {"scheduler": "tcp://127.0.0.1:1"}])
def test_processes_without_distributed(where: dict[str, object], monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SweepError, match=r"needs the package distributed .*thermo-cl\[sweep\]"):
        sweep(DESIGN, swept.plain, **where)  # type: ignore[arg-type]
