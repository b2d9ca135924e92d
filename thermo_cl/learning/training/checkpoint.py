"""The state of a run after an epoch, on disk: written whole or not at all, read with its checksums."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from thermo_cl.errors import DataError, InvalidParameterError, OutputError
from thermo_cl.learning.energy import States
from thermo_cl.learning.optimizers import Moments
from thermo_cl.learning.training.fingerprint import differences
from thermo_cl.learning.training.history import History
from thermo_cl.learning.training.networks import Network

__all__ = ["Snapshot", "load_checkpoint", "save_checkpoint"]

_FORMAT = 2


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A run after some epochs.

    Attributes
    ----------
    epoch : int
        Epochs done.
    network : EnergyNetwork or FeedForwardNetwork
    moments : Moments
        Of the optimizer.
    states : tuple of ndarray, shapes (n, n_l)
        What is kept for every training example.
    holdout_states : tuple of ndarray, shapes (m, n_l)
        Free states of every holdout example; none without a holdout.
    history : mapping of str to ndarray
        Metrics of the epochs done.
    """

    epoch: int
    network: Network
    moments: Moments
    states: States
    holdout_states: States
    history: History


def save_checkpoint(path: Path, snapshot: Snapshot, fingerprint: dict[str, Any]) -> None:
    """Replace a checkpoint by a newer one; a crash at any moment leaves one of the two.

    Raises
    ------
    OutputError
        If the disk refuses it.
    """
    from thermo_cl.sweep import atomic_output

    arrays: dict[str, Any] = {f"parameter.{name}": array for name, array in snapshot.network.parameters.items()}
    for kind, moments in (("first", snapshot.moments.first), ("second", snapshot.moments.second)):
        arrays |= {f"{kind}.{name}": array for name, array in moments.items()}
    arrays |= {f"states.{layer}": array for layer, array in enumerate(snapshot.states)}
    arrays |= {f"holdout.{layer}": array for layer, array in enumerate(snapshot.holdout_states)}
    arrays |= {f"metrics.{name}": array for name, array in snapshot.history.items()}
    with atomic_output(path, force=True) as draft, draft.open("r+b") as file:
        np.savez(
            file, format=np.int64(_FORMAT), entries=np.int64(len(arrays)), epoch=np.int64(snapshot.epoch),
            updates=np.int64(snapshot.moments.count),
            fingerprint=np.frombuffer(json.dumps(fingerprint).encode(), np.uint8), **arrays,
        )  # fmt: skip
        file.flush()
        os.fsync(file.fileno())  # a loss of power must not leave a name without its content


def load_checkpoint(path: Path, network: Network, fingerprint: dict[str, Any]) -> Snapshot:
    """Read a checkpoint of the run that the fingerprint describes.

    Parameters
    ----------
    path : Path
    network : EnergyNetwork or FeedForwardNetwork
        The initial network, for all but its arrays.
    fingerprint : dict
        Of the run to be continued.

    Raises
    ------
    DataError
        If the file is damaged; its checksums are verified.
    InvalidParameterError
        If it belongs to another run; says in what.
    """
    content = _read(path)
    try:
        version = int(content.pop("format"))
        if version != _FORMAT:
            raise DataError(
                f"{path} has format {version}, and this version of thermo_cl reads {_FORMAT}; start a new run"
            )
        entries, epoch = int(content.pop("entries")), int(content.pop("epoch"))
        updates = int(content.pop("updates", np.int64(0)))  # runs of older versions had none
        kept = json.loads(bytes(content.pop("fingerprint")))
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise _damaged(path, error) from error
    if len(content) != entries:  # no checksum covers the table of contents
        raise _damaged(path, f"{len(content)} of {entries} arrays are left")
    unlike = differences(kept, json.loads(json.dumps(fingerprint)))
    if unlike:
        raise InvalidParameterError("resume", str(path.parent), f"a folder of the same run: {'; '.join(unlike[:4])}")
    kinds = ("parameter", "first", "second", "states", "holdout", "metrics")
    parts: dict[str, dict[str, Any]] = {kind: {} for kind in kinds}
    try:
        for name, array in content.items():
            kind, _, entry = name.partition(".")
            parts[kind][entry] = array
        states, holdout = (tuple(parts[k][str(n)] for n in range(len(parts[k]))) for k in ("states", "holdout"))
        moments = Moments(updates, parts["first"], parts["second"])
        return Snapshot(epoch, network.with_parameters(parts["parameter"]), moments, states, holdout, parts["metrics"])
    except (KeyError, InvalidParameterError) as error:
        raise _damaged(path, error) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, TypeError) as error:
        if isinstance(error, PermissionError):
            raise OutputError(f"{path} cannot be read ({error.strerror})") from error
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception | str) -> DataError:
    return DataError(
        f"the checkpoint {path} is damaged ({str(error).strip()}), so the run cannot be resumed; "
        "put back a copy of it, or start again with force"
    )
