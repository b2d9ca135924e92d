"""``thermo-cl info``: what a store of results holds, and what made it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thermo_cl.cli import options as opt
from thermo_cl.cli.outputs import errors_reported

if TYPE_CHECKING:
    from thermo_cl.sweep import StoreInfo

__all__ = ["info"]


@errors_reported
def info(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="A Zarr store of a sweep, or a netCDF file.")],
    verify: Annotated[bool, typer.Option("--verify", help="Read every chunk and compare its checksum.")] = False,
    as_json: opt.AsJson = False,
) -> None:
    """Tell what a store holds, whether it is complete, and how it was made."""
    from thermo_cl.sweep import store_info

    found = store_info(store, verify=verify)
    typer.echo(_json(found) if as_json else _text(store, found))


def _text(store: Path, found: StoreInfo) -> str:
    count = "" if found.format == "netcdf" else f" ({found.chunks} chunks)"
    state = f"complete{count}" if found.complete else f"{found.chunks_done} of {found.chunks} chunks done"
    damaged = f", {found.damaged} damaged" if found.damaged else ""
    checked = ", every checksum right" if found.damaged == 0 else ""
    sizes = ", ".join(f"{name} {size}" for name, size in found.sizes.items())
    columns = [(n, f"({', '.join(dims)})", unit, long) for n, (dims, unit, long) in found.variables.items()]
    widths = [max(map(len, column)) for column in zip(*columns, strict=True)]
    rows = ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in columns]
    made = [f"{name}: {value}" for name, value in found.provenance.items()]
    return "\n".join([f"{store}: {found.format}, {state}{damaged}{checked}", sizes, *rows, *made])


def _json(found: StoreInfo) -> str:
    from dataclasses import asdict

    return json.dumps(asdict(found), indent=2)
