"""The explorer: one synapse in the browser, moved by sliders, from the ladder to its place on the frontier.

Data goes one way: an address or the sliders give ``ExplorerSettings``, ``compute`` turns them into a ``View`` of exact
numbers, and the page draws it or hands it on as netCDF and as Python. Only ``serve`` needs the extra ``explore``.
"""

from thermo_cl._show import public
from thermo_cl.explore.address import from_query, to_query
from thermo_cl.explore.parameters import PARAMETERS, Parameter
from thermo_cl.explore.server import serve
from thermo_cl.explore.settings import PRESETS, ExplorerSettings
from thermo_cl.explore.share import dataset, netcdf_bytes, python_lines
from thermo_cl.explore.view import View, compute

__all__ = [
    "PARAMETERS",
    "PRESETS",
    "ExplorerSettings",
    "Parameter",
    "View",
    "compute",
    "dataset",
    "from_query",
    "netcdf_bytes",
    "python_lines",
    "serve",
    "to_query",
]

__dir__ = public(__all__)
