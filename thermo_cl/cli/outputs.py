"""Where results go: destinations checked before work starts, errors told in one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

import typer

from thermo_cl.cli.options import option_of
from thermo_cl.errors import InvalidParameterError, OutputError, ThermoError

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["PLOT_SUFFIXES", "Outputs", "errors_reported"]

P = ParamSpec("P")
PLOT_SUFFIXES = (".png", ".pdf", ".svg")


def errors_reported(command: Callable[P, None]) -> Callable[P, None]:
    """Make a command print an error of the library as one line on stderr, in terms of its options, and exit with 1."""
    options = signature(command).parameters

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except InvalidParameterError as error:
            _fail(str(InvalidParameterError(option_of(error.name, options), error.value, error.valid)))
        except ThermoError as error:
            _fail(str(error))
        except MemoryError as error:
            _fail(f"not enough memory ({error}); ask for fewer levels, samples or amplitudes")
        except ArithmeticError as error:
            _fail(f"the numbers leave the range of floating point ({error}); choose less extreme options")

    return run


def _fail(message: str) -> None:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(1)


@dataclass(frozen=True)
class Outputs:
    """What to do with a result; make it with ``checked`` before any work."""

    as_json: bool
    save: Path | None
    plot: Path | None
    force: bool

    @classmethod
    def checked(cls, *, as_json: bool, save: Path | None, plot: Path | None, force: bool) -> Outputs:
        """Destinations that can be written.

        Raises
        ------
        InvalidParameterError
            If a suffix names no format that can be written.
        OutputError
            If a file cannot be written where it was asked to go, or matplotlib is missing.
        """
        for name, path, suffixes in (("save", save, (".nc",)), ("plot", plot, PLOT_SUFFIXES)):
            if path is not None and path.suffix.lower() not in suffixes:
                raise InvalidParameterError(name, str(path), f"a file name that ends in {' or '.join(suffixes)}")
        if save is not None or plot is not None:
            from thermo_cl.sweep import check_output

            for path in (save, plot):
                if path is not None:
                    check_output(path, force=force)
        if plot is not None:
            _need_matplotlib()
        return cls(as_json, save, plot, force)

    def deliver(self, dataset: xr.Dataset, text: Callable[[], str], draw: str) -> None:
        """Write the files asked for, then print the data set as JSON or as ``text()``.

        ``draw`` names the function of ``thermo_cl.plotting`` that draws this kind of data set.
        """
        from thermo_cl.cli.report import as_json
        from thermo_cl.sweep import atomic_output, save_netcdf

        picture = None
        if self.plot is not None:  # drawn before the first file is written, so that a failure leaves none
            import thermo_cl.plotting

            picture = _rendered(getattr(thermo_cl.plotting, draw)(dataset), self.plot.suffix.lower().removeprefix("."))
        if self.save is not None:
            save_netcdf(dataset, self.save, force=self.force)
        if self.plot is not None and picture is not None:
            with atomic_output(self.plot, force=self.force) as draft:
                draft.write_bytes(picture)
        typer.echo(as_json(dataset) if self.as_json else text())
        for path in (self.save, self.plot):
            if path is not None:
                typer.echo(f"saved {path}", err=True)


def _need_matplotlib() -> None:
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise OutputError("--plot needs matplotlib: install thermo-cl[plot]") from None


def _rendered(figure: Figure, suffix: str) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format=suffix, dpi=200)
    return buffer.getvalue()
