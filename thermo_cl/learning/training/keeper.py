"""What a run leaves in its folder after every epoch: checkpoint, metrics, log."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.training.checkpoint import Snapshot, load_checkpoint, save_checkpoint
from thermo_cl.learning.training.folder import CHECKPOINT, LOG, METRICS, append_line
from thermo_cl.learning.training.history import labelled
from thermo_cl.learning.training.recipe import Recipe

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Keeper"]


class Keeper:
    """Writes what a run leaves in its folder, or nothing without one.

    Parameters
    ----------
    recipe : Recipe
    folder : Path, optional
        Held by this process.
    """

    def __init__(self, recipe: Recipe, folder: Path | None) -> None:
        from thermo_cl.sweep import provenance

        self.recipe, self.folder, self.fingerprint = recipe, folder, recipe.fingerprint()
        sizes = "-".join(map(str, recipe.network.sizes))
        source = f"training of {sizes} on {recipe.training.name} by {type(recipe.rule).__name__}"
        self.attributes = provenance(source, self.fingerprint, seed=recipe.rng)

    def start(self, last: int, *, resume: bool) -> Snapshot:
        """The run as it was left, or its beginning."""
        recipe = self.recipe
        path = None if self.folder is None else self.folder / CHECKPOINT
        if path is not None and resume and path.exists():
            snapshot = load_checkpoint(path, recipe.network, self.fingerprint)
            if snapshot.epoch > last:
                raise InvalidParameterError("epochs", last, f"at least {snapshot.epoch}, the epochs done already")
            self._log(f"resumed after epoch {snapshot.epoch}")
            self._save_metrics(snapshot)  # a crash may have come between checkpoint and metrics
            return snapshot
        network, holdout = recipe.network, recipe.holdout
        rest = () if holdout is None else network.initial_states(len(holdout))
        snapshot = Snapshot(0, network, network.initial_states(len(recipe.training)), rest, {})
        if self.folder is not None and path is not None:
            for name in (LOG, METRICS):
                (self.folder / name).unlink(missing_ok=True)
            save_checkpoint(path, snapshot, self.fingerprint)
            self._log(f"started: {self.attributes['source']}, seed {recipe.rng}")
        return snapshot

    def keep(self, snapshot: Snapshot, line: str) -> None:
        """Write checkpoint, metrics and log after an epoch."""
        if self.folder is not None:
            save_checkpoint(self.folder / CHECKPOINT, snapshot, self.fingerprint)
            self._save_metrics(snapshot)
            self._log(line)

    def metrics(self, snapshot: Snapshot) -> xr.Dataset:
        """The labelled history."""
        return labelled(snapshot.history, self.recipe, self.attributes)

    def kept(self, epoch: int) -> str:
        """Where the last good state is, in words."""
        if self.folder is None:
            return "nothing was kept, for want of a folder"
        return f"the network after epoch {epoch} is kept in {self.folder / CHECKPOINT}"

    def _save_metrics(self, snapshot: Snapshot) -> None:
        from thermo_cl.sweep import save_netcdf

        if self.folder is not None and snapshot.epoch:
            save_netcdf(self.metrics(snapshot), self.folder / METRICS, force=True)

    def _log(self, line: str) -> None:
        if self.folder is not None:
            append_line(self.folder / LOG, f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {line}")
