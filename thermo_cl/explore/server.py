"""The explorer's server: this machine only, one page for each visitor."""

from __future__ import annotations

import importlib
import ipaddress
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError, OutputError

__all__ = ["serve"]

DEFAULT_PORT = 5006
_LOCAL_NAME = "localhost"


def serve(
    port: int = DEFAULT_PORT,
    *,
    address: str = "127.0.0.1",
    open_browser: bool = False,
    started: Callable[[str], None] | None = None,
) -> None:
    """Serve the explorer until Ctrl-C.

    Parameters
    ----------
    port : int
        0 to 65535; 0 takes a free one.
    address : str
        A loopback address of this machine; nobody else can connect.
    open_browser : bool
        Whether to open a browser window.
    started : callable, optional
        Called with the page's address when it can be opened.

    Raises
    ------
    InvalidParameterError
        If the address is not a loopback address, or the port is not a port or is in use.
    OutputError
        If Panel or Bokeh is missing.
    """
    server = make_server(port, address=address)
    try:
        if started is not None:
            started(server_url(server))
        if open_browser:
            server.io_loop.add_callback(server.show, "/")
        server.start()
        server.io_loop.start()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()


def make_server(port: int = DEFAULT_PORT, *, address: str = "127.0.0.1") -> Any:
    """Bokeh server of the page that listens already but is not started; arguments and errors as ``serve``."""
    number = check.integer_at_least("port", port, 0)
    if number > 65535:
        raise InvalidParameterError("port", port, "a whole number from 0 to 65535")
    host = _loopback(address)
    _require_panel()
    number = _free_port(host, number)
    import panel as pn

    from thermo_cl.explore.settings import ExplorerSettings
    from thermo_cl.explore.view import compute

    compute(ExplorerSettings())  # compiled code is loaded before the first visitor waits for it
    origins = [f"{name}:{number}" for name in (_in_address(host), _LOCAL_NAME)]
    return pn.io.server.get_server(
        {"/": _session}, port=number, address=host, websocket_origin=origins, show=False, start=False,
        title={"/": "thermo_cl explorer"}, location=False,
    )  # fmt: skip


def server_url(server: Any) -> str:
    """Address of the page."""
    return f"http://{_in_address(server.address)}:{server.port}/"


def _session() -> Any:
    """The page of one visitor, from the address that was opened."""
    import panel as pn

    from thermo_cl.explore.page import Page

    arguments = {
        name: [value.decode("utf-8", "replace") for value in values] for name, values in pn.state.session_args.items()
    }
    return Page(arguments).template()


def _require_panel() -> None:
    for package in ("panel", "bokeh"):
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise OutputError(
                f"the explorer needs the package {package} ({error}); install thermo-cl[explore]"
            ) from error


def _loopback(address: str) -> str:
    if address == _LOCAL_NAME:
        return "127.0.0.1"
    try:
        if ipaddress.ip_address(address).is_loopback:
            return address
    except ValueError:
        pass
    raise InvalidParameterError("address", address, "a loopback address such as 127.0.0.1: the page is for you alone")


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _free_port(host: str, port: int) -> int:
    """The port, or for 0 a free one; an error if somebody listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise InvalidParameterError("port", port, f"free, or 0 for any free one ({error.strerror})") from None
        return int(trial.getsockname()[1])
