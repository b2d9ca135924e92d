"""The registry of equations: names are known at once, an equation is built when it is asked for."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable
from functools import cache

from thermo_cl.errors import UnknownEquationError
from thermo_cl.symbolic.equation import Equation

__all__ = ["equation", "names", "register"]

# in the order of the papers; each module registers its equations when it is imported
_MODULES = (
    "memory.kernels",
    "memory.kernel_moments",
    "memory.kernel_families",
    "memory.feedback",
    "memory.feedback_moments",
    "memory.leaky_feedback",
    "memory.high_pass",
    "synapse.bound",
    "synapse.two_rates",
    "synapse.shortfall",
    "synapse.offset",
    "synapse.separation",
    "ladder.rates",
    "ladder.steady",
    "ladder.cuts",
    "ladder.limits",
    "ladder.bulk",
    "ladder.cost",
    "ladder.finite_size",
    "learning.flexible_phases",
    "learning.phase_baseline",
    "learning.phase_lengths",
    "learning.propagation",
    "learning.propagation_error",
    "learning.dual_objective",
    "learning.equilibrium_propagation",
)
_BUILDERS: dict[str, Callable[[], Equation]] = {}


def register(build: Callable[[], Equation]) -> Callable[[], Equation]:
    """Decorator: enter a function that builds an equation; ``def tcl_33()`` becomes ``tcl-33``."""
    _BUILDERS[build.__name__.replace("_", "-")] = build
    return build


def names() -> tuple[str, ...]:
    """Names of all equations, in the order of the papers.

    Returns
    -------
    tuple of str
    """
    modules = [f"thermo_cl.symbolic.equations.{module}" for module in _MODULES]
    for module in modules:
        importlib.import_module(module)
    # in the registry's order, also where a module was imported before it was asked
    return tuple(sorted(_BUILDERS, key=lambda name: modules.index(_BUILDERS[name].__module__)))


@cache
def equation(name: str) -> Equation:
    """The equation of that name.

    Parameters
    ----------
    name : str
        One of ``names()``, such as ``tcl-33``.

    Returns
    -------
    Equation

    Raises
    ------
    UnknownEquationError
        With the nearest names.
    """
    known = names()
    if name not in known:
        raise UnknownEquationError(name, difflib.get_close_matches(name, known, n=3, cutoff=0.3))
    return _BUILDERS[name]()
