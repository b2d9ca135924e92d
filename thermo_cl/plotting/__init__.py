"""Figures of the library's data sets and objects; needs matplotlib. A function returns a new Figure."""

from thermo_cl.plotting.curve import plot_curve
from thermo_cl.plotting.dissipation import plot_dissipation
from thermo_cl.plotting.kernel import kernel_dataset, plot_kernel
from thermo_cl.plotting.ladder import plot_ladder

__all__ = ["kernel_dataset", "plot_curve", "plot_dissipation", "plot_kernel", "plot_ladder"]
