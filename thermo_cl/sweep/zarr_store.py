"""Zarr stores of sweeps: created whole, filled chunk by chunk, each chunk vouched for by a checksum.

A store is one Zarr v3 group that xarray opens. Every chunk of the sweep is one chunk of every array along ``point``,
so no two chunks share a file. After a chunk's files its checksum is written to the array ``chunk_checksum``; zero is
a chunk that is not finished. The group's attribute ``sweep`` says what the store was made by; it is written last when
a store is created, so that a store without it is one whose creation was cut short.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from thermo_cl._lock import hold
from thermo_cl._types import Array, BoolArray
from thermo_cl.errors import OutputError
from thermo_cl.sweep.identity import differences
from thermo_cl.sweep.layout import POINT, Field, Layout

__all__ = ["CHECKSUMS", "RECORD", "ZarrStore", "held_store", "recorded", "verified"]

CHECKSUMS, RECORD, LOCK = "chunk_checksum", "sweep", ".lock"
FORMAT = 1
_NOT_NAMED = 3


class ZarrStore:
    """A store held for writing.

    Attributes
    ----------
    finished : ndarray of bool, shape (chunks,)
        Which chunks are in the store and verified.
    damaged : int
        Chunks of an earlier run whose checksum is wrong; they count as not finished.
    """

    def __init__(self, path: Path, shown: str, points: int, chunk: int, names: list[str]) -> None:
        import zarr

        self.path, self.shown, self.points, self.chunk = path, shown, points, chunk
        group = zarr.open_group(path, mode="r+")
        self._arrays = {name: group[name] for name in names}
        self._checksums = group[CHECKSUMS]
        self.finished: BoolArray = np.zeros(math.ceil(points / chunk), bool)
        self.damaged = 0

    def verify(self) -> None:
        """Find out which chunks are finished, reading all that claim to be."""
        self.finished, self.damaged = verified(self._arrays, self._checksums, self.points, self.chunk)

    def write(self, index: int, values: Mapping[str, Array]) -> None:
        """Add a chunk: its arrays first, then the checksum that vouches for them.

        Raises
        ------
        OutputError
            If the disk refuses it; every chunk that was finished before stays finished.
        """
        import zarr

        rows = slice(index * self.chunk, min((index + 1) * self.chunk, self.points))
        try:
            with zarr.config.set({"array.write_empty_chunks": True}):
                for name, array in self._arrays.items():
                    array[rows] = values[name]
                self._checksums[index] = checksum(values)
        except OSError as error:
            raise OutputError(
                f"{self.shown} could not be written ({error.strerror or error}); {int(self.finished.sum())} of "
                f"{self.finished.size} chunks are kept: make room and resume"
            ) from error
        self.finished[index] = True


def checksum(values: Mapping[str, Array]) -> np.uint64:
    """Checksum of the arrays of a chunk, never zero."""
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(values):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(values[name]).data.cast("B"))
    return np.uint64(int.from_bytes(digest.digest(), "little") or 1)


@contextmanager
def held_store(
    path: str | Path, *, layout: Layout, identity: Mapping[str, Any], attributes: Mapping[str, str], points: int,
    resume: bool, force: bool,
) -> Iterator[ZarrStore]:  # fmt: skip
    """Store of a sweep, new or resumed, held for this process until the block ends.

    Raises
    ------
    OutputError
        If another process writes to it, it exists and is neither resumed nor replaced, there is none to resume, it was
        made by another sweep (the message names the difference), or the disk refuses it.
    """
    place = Path(path).expanduser().absolute()
    chunk = int(identity["chunk"])
    _require_content(place, path, resume=resume, force=force)  # before the lock, which leaves a file
    new = not place.exists()
    try:
        place.mkdir(exist_ok=True)
        handle = os.open(place / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        if new:
            shutil.rmtree(place, ignore_errors=True)
        raise OutputError(f"{path} cannot be written ({error.strerror}); choose another place") from error
    try:
        hold(handle, path, "writing to")
        _require_content(place, path, resume=resume, force=force)  # again: another process may have been faster
        record = recorded(place)
        kept = record is not None and resume
        if record is not None and resume:
            _require_same(record, identity, layout, path)
        else:
            _create(place, path, layout, identity, attributes, points)
        store = ZarrStore(place, str(path), points, chunk, list(layout.fields))
        if kept:
            for draft in place.rglob("*.partial"):  # what zarr had begun to write when it was killed
                draft.unlink(missing_ok=True)
            store.verify()
        yield store
    finally:
        os.close(handle)


def recorded(place: Path) -> dict[str, Any] | None:
    """What a store was made by; nothing if there is no store, or it was never created to the end."""
    try:
        attributes = json.loads((place / "zarr.json").read_text()).get("attributes", {})
        record = json.loads(attributes[RECORD])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return record if isinstance(record, dict) else None


def verified(
    arrays: Mapping[str, Any], checksums: Any, points: int, chunk: int
) -> tuple[BoolArray, int]:  # fmt: skip
    """Which chunks are whole, and how many claim to be and are not."""
    claimed = claims(checksums)
    whole = np.zeros(claimed.size, bool)
    for index in np.flatnonzero(claimed):
        rows = slice(index * chunk, min((index + 1) * chunk, points))
        try:
            whole[index] = checksum({name: np.asarray(a[rows]) for name, a in arrays.items()}) == claimed[index]
        except Exception:  # a damaged file fails in as many ways as there are codecs
            whole[index] = False
    return whole, int((claimed != 0).sum() - whole.sum())


def claims(checksums: Any) -> Array:
    """Checksums of all chunks, zero where there is none that can be read."""
    try:
        return np.asarray(checksums[:])
    except Exception:  # one damaged file must not hide the others
        found = np.zeros(checksums.shape, np.uint64)
        for index in range(found.size):
            try:
                found[index] = checksums[index]
            except Exception:
                found[index] = 1  # claimed, and sure to be found damaged
        return found


def _create(
    place: Path, shown: str | Path, layout: Layout, identity: Mapping[str, Any], attributes: Mapping[str, str],
    points: int,
) -> None:  # fmt: skip
    """Make the whole store but for its chunks, in a folder that holds nothing else."""
    import zarr
    from zarr.errors import ZarrUserWarning

    record = json.dumps({**identity, "format": FORMAT, "points": points, "results": list(layout.results)})
    chunk = min(int(identity["chunk"]), points)
    try:
        for entry in place.iterdir():
            if entry.name != LOCK:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        group = zarr.create_group(place)
        for name, field in layout.fields.items():
            _add(group, name, field, points, chunk)
        checks = math.ceil(points / int(identity["chunk"]))
        group.create_array(
            CHECKSUMS, shape=(checks,), chunks=(1,), dtype="u8", fill_value=0, compressors=None,
            dimension_names=("chunk",), attributes={"long_name": "checksum, 0 where not done", "units": "1"},
        )  # fmt: skip
        for name, constant in layout.constants.items():
            values = np.asarray(constant.values)
            dims = (constant.dims,) if isinstance(constant.dims, str) else tuple(constant.dims)
            array = group.create_array(
                name, shape=values.shape, chunks=values.shape, dtype=values.dtype, dimension_names=dims,
                attributes={"long_name": constant.long_name, "units": constant.units},
            )  # fmt: skip
            array[...] = values
        coordinates = " ".join([*layout.parameters, *layout.constants])
        with warnings.catch_warnings():  # readers go without listing the folder, where the lock is
            warnings.simplefilter("ignore", ZarrUserWarning)
            zarr.consolidate_metadata(place)
            group = zarr.open_group(place, mode="r+")
            group.update_attributes({**attributes, "coordinates": coordinates, RECORD: record})
    except OSError as error:
        for entry in place.iterdir():
            if entry.name != LOCK:
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
        raise OutputError(f"{shown} cannot be written ({error.strerror or error}); choose another place") from error


def _add(group: Any, name: str, field: Field, points: int, chunk: int) -> None:
    dtype = np.dtype(field.dtype)
    group.create_array(
        name, shape=(points, *field.shape), chunks=(chunk, *field.shape), dtype=dtype,
        fill_value=np.nan if dtype.kind == "f" else 0, dimension_names=(POINT, *field.dims),
        attributes={"long_name": field.long_name, "units": field.units},
    )  # fmt: skip


def _require_content(place: Path, shown: str | Path, *, resume: bool, force: bool) -> None:
    if not place.parent.is_dir():
        raise OutputError(f"the folder of {shown} does not exist; create it or choose another")
    if place.exists() and not place.is_dir():
        raise OutputError(f"{shown} is a file; a Zarr store is a folder: choose another name")
    content = {entry.name for entry in place.iterdir()} if place.exists() else set()
    if not content:
        if resume:
            raise OutputError(f"there is no sweep in {shown} to resume; start one without resume")
        return
    if recorded(place) is None and LOCK not in content:  # with the lock, a sweep was killed as it began
        raise OutputError(f"{shown} is a folder that no sweep made; choose another name")
    if not resume and not force and content != {LOCK}:
        raise OutputError(f"{shown} exists; resume the sweep in it, replace it with force, or choose another name")


def _require_same(record: Mapping[str, Any], identity: Mapping[str, Any], layout: Layout, shown: str | Path) -> None:
    found = differences(record, identity)
    if record.get("format") != FORMAT:
        found.append(f"the format of the store: {record.get('format')}, now {FORMAT}")
    if not found and record.get("results") != list(layout.results):
        found.append(f"the results: {record.get('results')}, now {list(layout.results)}")
    if found:
        raise OutputError(
            f"{shown} was made by another sweep, so it cannot be resumed. Different are {', and '.join(found)}. "
            "Go back to what made it, replace it with force, or choose another name"
        )
