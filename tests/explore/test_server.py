"""The server listens on this machine alone, says what is wrong before it starts, and needs its extra."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys

import pytest

from tests.command_line import refused, run
from thermo_cl.errors import InvalidParameterError, OutputError
from thermo_cl.explore import serve
from thermo_cl.explore.server import make_server, server_url


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.1", "::", "example.org", "", "127.0.0.1.org", "8.8.8.8"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(InvalidParameterError, match="a loopback address such as 127"):
        serve(0, address=address)


@pytest.mark.parametrize("port", [-1, 65536, 80.5, "5006", None])
def test_ports_are_checked(port: object) -> None:
    with pytest.raises(InvalidParameterError, match="port"):
        serve(port)  # type: ignore[arg-type]


def test_a_port_in_use_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InvalidParameterError, match=f"port = {port} is not valid: it must be free"):
            serve(port)


@pytest.mark.parametrize("package", ["panel", "bokeh"])
def test_without_its_extra(package: str, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(OutputError, match=rf"needs the package {package} .*thermo-cl\[explore\]"):
        serve(0)
    refused(("explore", "--port", 0, "--no-browser"), "thermo-cl[explore]")


def test_only_loopback_is_listened_at() -> None:
    """A connection to any other address of this machine is refused."""

    async def listening() -> tuple[str, set[str]]:
        server = make_server(0, address="localhost")
        sockets = {s.getsockname()[0] for s in server._http._sockets.values()}
        url = server_url(server)
        server._http.stop()
        return url, sockets

    url, sockets = asyncio.run(listening())
    assert url.startswith("http://127.0.0.1:")
    assert sockets == {"127.0.0.1"}


def test_the_command_reports_in_its_own_words() -> None:
    refused(("explore", "--address", "0.0.0.0"), "--address = '0.0.0.0' is not valid", "loopback")
    refused(("explore", "--port", "70000"), "--port = 70000 is not valid", "from 0 to 65535")
    assert "thermo-cl explore --port 8000 --no-browser" in run("explore", "--help").output


def test_the_library_part_needs_no_page() -> None:
    """Settings, views and files work where Panel is not installed, and are imported without it."""
    code = (
        "import sys; sys.modules['panel'] = sys.modules['bokeh'] = None\n"
        "from thermo_cl.explore import ExplorerSettings, compute, netcdf_bytes, python_lines\n"
        "view = compute(ExplorerSettings()); assert netcdf_bytes(view) and python_lines(view)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
