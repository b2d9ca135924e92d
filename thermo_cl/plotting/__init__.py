"""Figures of the library's data sets; needs matplotlib. A function takes a data set and returns a new Figure."""

from thermo_cl.plotting.curve import plot_curve
from thermo_cl.plotting.dissipation import plot_dissipation
from thermo_cl.plotting.kernel import plot_kernel

__all__ = ["plot_curve", "plot_dissipation", "plot_kernel"]
