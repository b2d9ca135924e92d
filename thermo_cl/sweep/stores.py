"""Stores of sweeps read: what is in them, how much of it, and what made it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thermo_cl._types import BoolArray
from thermo_cl.errors import OutputError
from thermo_cl.sweep.extras import require_installed
from thermo_cl.sweep.storage import load_netcdf
from thermo_cl.sweep.zarr_store import CHECKSUMS, RECORD, claims, recorded, verified

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["StoreInfo", "open_store", "store_info"]


@dataclass(frozen=True, eq=False)
class StoreInfo:
    """What a store holds.

    Attributes
    ----------
    format : str
        ``zarr`` or ``netcdf``.
    complete : bool
        Whether every chunk is finished; a netCDF file always is.
    chunks_done, chunks : int
        Finished chunks, and all; 1 and 1 for a netCDF file.
    damaged : int or None
        Chunks whose checksum is wrong, if that was asked for; they do not count as finished.
    sizes : mapping of str to int
        Dimensions.
    variables : mapping of str to (tuple of str, str, str)
        Dimensions, unit and long name of every variable, coordinates included.
    provenance : mapping of str
        Attributes: source, parameters, seed, versions, revision.
    """

    format: str
    complete: bool
    chunks_done: int
    chunks: int
    damaged: int | None
    sizes: Mapping[str, int]
    variables: Mapping[str, tuple[tuple[str, ...], str, str]]
    provenance: Mapping[str, str]


def open_store(path: str | Path, *, partial: bool = False) -> xr.Dataset:
    """Open the result of a sweep: a Zarr store as lazy arrays, a netCDF file in memory.

    Parameters
    ----------
    path : path-like
    partial : bool
        Take a store that is not complete too; the coordinate ``finished`` says which points are in it.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    OutputError
        If there is no store, or it is not complete.
    SweepError
        If it is a Zarr store and a package of the extra ``sweep`` is missing.
    """
    place = _existing(path)
    if place.is_file():
        return load_netcdf(place)
    record, dataset = _opened(place, path)
    done = _claimed(place)
    if not partial and not done.all():
        raise OutputError(
            f"{path} is not complete: {int(done.sum())} of {done.size} chunks are done; resume the sweep, or open what "
            "there is with partial=True"
        )
    if partial:
        rows = np.repeat(done, record["chunk"])[: record["points"]]
        attributes = {"long_name": "whether the point is computed", "units": "1"}
        dataset = dataset.assign_coords(finished=("point", rows, attributes))
    return dataset


def store_info(path: str | Path, *, verify: bool = False) -> StoreInfo:
    """What a store holds, how much of it is done and what made it.

    Parameters
    ----------
    path : path-like
        A Zarr store of a sweep, or any netCDF file of this library.
    verify : bool
        Read every finished chunk and compare its checksum.

    Returns
    -------
    StoreInfo

    Raises
    ------
    OutputError
        If there is no such store.
    SweepError
        If it is a Zarr store and a package of the extra ``sweep`` is missing.
    """
    place = _existing(path)
    if place.is_file():
        dataset, done, damaged = load_netcdf(place), np.ones(1, bool), None
    else:
        import zarr

        record, dataset = _opened(place, path)
        done, damaged = _claimed(place), None
        if verify:
            group = zarr.open_group(place, mode="r")
            names = [n for n, v in dataset.variables.items() if "point" in v.dims]
            done, damaged = verified(
                {str(n): group[str(n)] for n in names}, group[CHECKSUMS], record["points"], record["chunk"]
            )
    variables = {
        str(n): (tuple(map(str, v.dims)), str(v.attrs.get("units", "unstated")), str(v.attrs.get("long_name", n)))
        for n, v in dataset.variables.items()
    }
    return StoreInfo(
        "netcdf" if place.is_file() else "zarr", bool(done.all()), int(done.sum()), math.prod(done.shape), damaged,
        {str(d): n for d, n in dataset.sizes.items()}, variables, {k: str(v) for k, v in dataset.attrs.items()},
    )  # fmt: skip


def _existing(path: str | Path) -> Path:
    place = Path(path).expanduser().absolute()
    if not place.exists():
        raise OutputError(f"{path} does not exist; give the store of a sweep or a netCDF file")
    if place.is_dir():
        require_installed("a Zarr store", "zarr", "dask")
    return place


def _opened(place: Path, shown: str | Path) -> tuple[dict[str, Any], xr.Dataset]:
    import xarray as xr

    record = recorded(place)
    if record is None:
        raise OutputError(f"{shown} is not the store of a sweep, or its creation was cut short; sweep into it again")
    dataset = xr.open_zarr(place, chunks={}, consolidated=True).drop_vars(CHECKSUMS)
    del dataset.attrs[RECORD]
    return record, dataset


def _claimed(place: Path) -> BoolArray:
    import zarr

    return np.asarray(claims(zarr.open_group(place, mode="r")[CHECKSUMS]) != 0)
