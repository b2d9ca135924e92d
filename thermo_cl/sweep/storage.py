"""Data sets on disk: checked before work starts, written whole or not at all."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from thermo_cl.errors import OutputError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["atomic_output", "check_output", "load_netcdf", "save_netcdf"]


def check_output(path: str | Path, *, force: bool = False) -> Path:
    """Absolute path if a file can be written there, else an error; nothing is created.

    Parameters
    ----------
    path : path-like
        A file; its folder must exist and be writable.
    force : bool
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    OutputError
        If the folder is missing or not writable, the path is a folder, or the file exists and ``force`` is off.
    """
    target = Path(path).expanduser().absolute()
    if target.is_dir():
        raise OutputError(f"{path} is a folder; give the name of a file in it")
    if not target.parent.is_dir():
        raise OutputError(f"the folder of {path} does not exist; create it or choose another")
    if not os.access(target.parent, os.W_OK):
        raise OutputError(f"the folder of {path} is not writable; choose another")
    if target.exists() and not force:
        raise OutputError(f"{path} exists; pass --force (force=True) to replace it, or choose another name")
    return target


@contextmanager
def atomic_output(path: str | Path, *, force: bool = False) -> Iterator[Path]:
    """Temporary path beside the target that replaces it if the block succeeds and vanishes if it does not.

    Parameters
    ----------
    path : path-like
        A file; its folder must exist and be writable.
    force : bool
        Whether an existing file may be replaced.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    OutputError
        As ``check_output``, or if the disk refuses the data; nothing is left there then.
    """
    target = check_output(path, force=force)
    try:
        handle, name = tempfile.mkstemp(suffix=target.suffix, prefix=f".{target.stem}.", dir=target.parent)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); choose another place") from error
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o644)
        draft.replace(target)
    except OSError as error:
        raise OutputError(f"{path} could not be written ({error.strerror or error}); nothing was left there") from error
    finally:
        draft.unlink(missing_ok=True)


def save_netcdf(dataset: xr.Dataset, path: str | Path, *, force: bool = False) -> Path:
    """Write a data set as compressed netCDF4, whole or not at all; returns the absolute path.

    Parameters
    ----------
    dataset : xarray.Dataset
    path : path-like
        A file; its folder must exist and be writable.
    force : bool
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    OutputError
        As ``check_output``, or if the disk refuses the data.
    """
    encoding = {
        name: {"zlib": True, "complevel": 1, "shuffle": True} for name, v in dataset.variables.items() if v.ndim > 0
    }
    with atomic_output(path, force=force) as draft:
        content = io.BytesIO()  # a disk that fills up under HDF5 leaves open files and lines of its own on stderr
        dataset.to_netcdf(content, engine="h5netcdf", encoding=encoding)
        draft.write_bytes(content.getbuffer())
    return Path(path).expanduser().absolute()


def load_netcdf(path: str | Path) -> xr.Dataset:
    """Read a data set into memory.

    Parameters
    ----------
    path : path-like
        A netCDF4 file.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    OutputError
        If there is no such file, or it is not netCDF.
    """
    import xarray as xr

    try:
        return xr.load_dataset(path, engine="h5netcdf")
    except FileNotFoundError:
        raise OutputError(f"{path} does not exist; compute it first with python -m analysis") from None
    except OSError as error:
        raise OutputError(f"{path} is not a netCDF file that h5netcdf can read ({error})") from error
