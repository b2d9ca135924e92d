"""``thermo-cl train``: a training run from a configuration, kept in a folder after every epoch."""

from __future__ import annotations

import shlex
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thermo_cl.cli import options as opt
from thermo_cl.cli.outputs import errors_reported

if TYPE_CHECKING:
    from thermo_cl.learning import Progress, Trained

__all__ = ["train"]

_INTERRUPTED = 128 + 2  # what a shell reports for a program that Ctrl-C ended


@errors_reported
def train(
    context: typer.Context,
    config: Annotated[
        str, typer.Option(metavar="FILE|NAME", help="A TOML file, or a shipped configuration by its name.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the run is kept.", show_default="runs/NAME-seedSEED"),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in the folder.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier run in the folder.")] = False,
    epochs: Annotated[int | None, typer.Option(help="Epochs in all.", show_default="as configured")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, >= 0.", show_default="as configured")] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder of the data files.", show_default="as configured"),
    ] = None,
    as_json: opt.AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the final summary only.")] = False,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print the configuration with its defaults and exit.")
    ] = False,
) -> None:
    """Train a network of synapses as a configuration says.

    After every epoch the folder holds a checkpoint, the metrics (metrics.nc) and a log. A run that was interrupted,
    however it was, continues with --resume and gives the same result to the bit.
    """
    from thermo_cl.learning import load_configuration, run

    configuration = load_configuration(config).replaced(epochs=epochs, seed=seed, folder=data)
    if print_config:
        typer.echo(configuration.toml(), nl=False)
        return
    folder = out or Path("runs") / f"{configuration.name}-seed{configuration.training.seed}"
    try:
        with _reported(quiet=quiet, lines_to_stderr=as_json) as progress:
            trained = run(configuration, folder, resume=resume, force=force, progress=progress)
    except KeyboardInterrupt:
        typer.echo(_how_to_resume(context, folder), err=True)
        raise typer.Exit(_INTERRUPTED) from None
    typer.echo(_json(trained) if as_json else _summary(trained, folder))


@contextmanager
def _reported(*, quiet: bool, lines_to_stderr: bool) -> Iterator[Any]:
    """A progress bar on stderr if that is a terminal, a line for each epoch, and warnings in one line."""
    from tqdm import tqdm

    from thermo_cl.errors import SilentUpdatesWarning

    bar = None

    def say(text: str, *, err: bool) -> None:
        tqdm.write(text, file=sys.stderr if err else sys.stdout)

    def progress(now: Progress) -> None:
        nonlocal bar
        done = (now.epoch - 1) * now.minibatches + now.minibatch
        if bar is None:
            total = now.epochs * now.minibatches
            bar = tqdm(total=total, initial=done - 1, unit="batch", disable=True if quiet else None, leave=False)
        bar.set_description(f"epoch {now.epoch}/{now.epochs}", refresh=False)
        bar.set_postfix_str(f"running error {100.0 * now.running_error:.2f} %", refresh=False)
        bar.update(done - bar.n)
        if now.line and not quiet:
            say(now.line, err=lines_to_stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", SilentUpdatesWarning)
        warnings.showwarning = lambda message, *_, **__: say(f"warning: {message}", err=True)
        try:
            yield progress
        finally:
            if bar is not None:
                bar.close()


def _how_to_resume(context: typer.Context, folder: Path) -> str:
    from thermo_cl.learning.training.folder import CHECKPOINT

    if not (folder.expanduser() / CHECKPOINT).exists():
        return "interrupted before the run began"
    words = ["thermo-cl", "train", "--out", str(folder), "--resume"]
    for name in opt.given(context, ("config", "epochs", "seed", "data")):
        words += [f"--{name}", str(context.params[name])]
    return f"interrupted; the last whole epoch is kept. Continue with: {shlex.join(words)}"


def _json(trained: Trained[Any]) -> str:
    from thermo_cl.cli.report import as_json

    return as_json(trained.metrics)


def _summary(trained: Trained[Any], folder: Path) -> str:
    def at(name: str, epoch: int = -1) -> str:
        return f"{100.0 * float(trained.metrics[name][epoch]):.2f} %"

    def clean(name: str) -> str:
        epochs = (trained.metrics[name].values == 0).nonzero()[0]
        return f"first 0 in epoch {epochs[0] + 1}" if epochs.size else "never 0"

    def both(kind: str) -> str:
        if f"{kind}_error_from_rest" not in trained.metrics:  # a feed-forward network keeps no states
            return f"{kind} error {at(f'{kind}_error')}"
        return f"{kind} error {at(f'{kind}_error')} from kept states, {at(f'{kind}_error_from_rest')} from rest"

    settles = "train_error_from_rest" in trained.metrics
    counted = "the training error as the paper counts it" if settles else "counted before every update"
    lowest = int(trained.metrics.holdout_error.values.argmin())
    sizes = "-".join(map(str, trained.network.sizes))
    epochs = f"{trained.epochs} epoch{'s' if trained.epochs > 1 else ''}"
    lines = [
        f"{sizes} after {epochs}",
        f"{both('train')}; {clean('train_error')}",
        f"running error {at('running_error')}, {counted}; {clean('running_error')}",
        f"{both('holdout')}; lowest {at('holdout_error', lowest)} after epoch {lowest + 1}",
        f"kept in {folder}",
    ]
    return "\n".join(lines)
