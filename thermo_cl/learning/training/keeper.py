"""What a run leaves in its folder after every epoch: checkpoint, metrics, log."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.optimizers import Moments
from thermo_cl.learning.training.checkpoint import Snapshot, load_checkpoint, save_checkpoint
from thermo_cl.learning.training.folder import CHECKPOINT, LOG, METRICS, append_line, remove
from thermo_cl.learning.training.history import epoch_line, labelled
from thermo_cl.learning.training.networks import first_states, settles
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
            self._save_metrics(snapshot)  # a crash may have come between checkpoint, metrics and log
            self._complete_log(snapshot, last)
            self.log(f"resumed after epoch {snapshot.epoch}, {self._made_with()}")
            return snapshot
        network, holdout, optimizer = recipe.network, recipe.holdout, recipe.optimizer
        rest = () if holdout is None or not settles(network) else first_states(network, recipe.rule, len(holdout))
        states = first_states(network, recipe.rule, len(recipe.training))
        moments = Moments() if optimizer is None else optimizer.start(network.parameters)
        snapshot = Snapshot(0, network, moments, states, rest, {})
        if self.folder is not None and path is not None:
            remove(self.folder / LOG, self.folder / METRICS)
            save_checkpoint(path, snapshot, self.fingerprint)
            self.log(f"started: {self.attributes['source']}, seed {recipe.rng}, {self._made_with()}")
        return snapshot

    def keep(self, snapshot: Snapshot, line: str) -> None:
        """Write checkpoint, metrics and log after an epoch."""
        if self.folder is not None:
            save_checkpoint(self.folder / CHECKPOINT, snapshot, self.fingerprint)
            self._save_metrics(snapshot)
            self.log(line)

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

    def log(self, line: str) -> None:
        """Add a line to the log, with the time."""
        if self.folder is not None:
            append_line(self.folder / LOG, f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {line}")

    def _complete_log(self, snapshot: Snapshot, last: int) -> None:
        """Add the lines of epochs that are done and not in the log."""
        if self.folder is None:
            return
        path = self.folder / LOG
        whole = path.read_bytes().decode(errors="replace").split("\n")[:-1] if path.exists() else []
        told = {int(found[1]) for found in (re.match(r"\S+ \S+  epoch +(\d+)/", line) for line in whole) if found}
        for epoch in range(1, snapshot.epoch + 1):
            if epoch not in told:
                record = {name: values[epoch - 1].tolist() for name, values in snapshot.history.items()}
                self.log(epoch_line(epoch, last, record))

    def _made_with(self) -> str:
        versions = json.loads(self.attributes["versions"])
        return f"thermo-cl {versions['thermo-cl']} ({self.attributes['git_revision']}), numpy {versions['numpy']}"
