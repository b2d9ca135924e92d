"""Sweeps of many synapses: designs, the engine that maps them to results, labels, provenance, storage."""

from thermo_cl._show import public
from thermo_cl.sweep.design import Design
from thermo_cl.sweep.distributions import Distribution, choice, integers, log_uniform, uniform
from thermo_cl.sweep.engine import sweep
from thermo_cl.sweep.functions import FUNCTIONS, SweepFunction
from thermo_cl.sweep.labels import Quantity, label
from thermo_cl.sweep.progress import SweepProgress
from thermo_cl.sweep.provenance import provenance
from thermo_cl.sweep.storage import atomic_output, check_output, load_netcdf, save_netcdf
from thermo_cl.sweep.stores import StoreInfo, open_store, store_info

__all__ = [
    "FUNCTIONS",
    "Design",
    "Distribution",
    "Quantity",
    "StoreInfo",
    "SweepFunction",
    "SweepProgress",
    "atomic_output",
    "check_output",
    "choice",
    "integers",
    "label",
    "load_netcdf",
    "log_uniform",
    "open_store",
    "provenance",
    "save_netcdf",
    "store_info",
    "sweep",
    "uniform",
]

__dir__ = public(__all__)
