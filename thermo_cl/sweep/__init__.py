"""Data sets of many synapses: labels, provenance, storage."""

from thermo_cl.sweep.labels import Quantity, label
from thermo_cl.sweep.provenance import provenance
from thermo_cl.sweep.storage import atomic_output, check_output, load_netcdf, save_netcdf

__all__ = ["Quantity", "atomic_output", "check_output", "label", "load_netcdf", "provenance", "save_netcdf"]
