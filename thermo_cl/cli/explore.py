"""``thermo-cl explore``: a synapse in the browser, moved by sliders."""

from __future__ import annotations

from typing import Annotated

import typer

from thermo_cl.cli.outputs import errors_reported

__all__ = ["explore"]


@errors_reported
def explore(
    port: Annotated[int, typer.Option(help="Port of the page, 0 to 65535; 0 takes a free one.")] = 5006,
    address: Annotated[
        str, typer.Option(help="Loopback address that is listened at; others are refused.")
    ] = "127.0.0.1",
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser window, or only print the address.")
    ] = True,
) -> None:
    """Explore a learning synapse in the browser.

    Serves a page with sliders for the ladder, the sawtooth and the threshold: occupancies and currents, memory kernel,
    output, weight-update curve and the price of accuracy, exact and at once. The view is in the page's address, and
    can be downloaded as netCDF and as Python. Only this machine can connect; Ctrl-C ends it. Needs thermo-cl[explore].
    """
    from thermo_cl.explore import serve

    serve(port, address=address, open_browser=browser, started=_announce)


def _announce(url: str) -> None:
    typer.echo(f"{url} (Ctrl-C ends it)")
