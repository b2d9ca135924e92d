"""Which method solves a sparse network: the narrow band, the sparse elimination, or the iteration."""

from __future__ import annotations

from dataclasses import dataclass

import scipy.sparse

from thermo_cl._types import FloatArray
from thermo_cl.errors import MemoryLimitError
from thermo_cl.markov.algebra.aggregation import steady_state_iterated
from thermo_cl.markov.algebra.banded import band_order, steady_state_banded
from thermo_cl.markov.algebra.sparse import (
    EliminationPlan,
    plan_elimination,
    steady_state_eliminated,
    steady_state_lu,
    symmetric_graph,
)

__all__ = ["SparseSolution", "steady_state_sparse"]

_NARROW = 32  # bandwidth up to which the band beats any other elimination
_MOST_FILL = 40_000_000  # pairs and multiplications up to which elimination takes seconds
_MOST_OPERATIONS = 1.5e10
_ANY_FILL = 2_000_000_000  # past this the count itself would take long


@dataclass(frozen=True, eq=False)
class SparseSolution:
    """Probabilities of an irreducible network, shape (n,), with the method that found them and how it ended."""

    probabilities: FloatArray
    method: str
    status: str


def steady_state_sparse(generator: scipy.sparse.csc_array, method: str = "auto") -> SparseSolution:
    """Steady state of an irreducible network by "gth", "banded", "lu", "iterative" or the choice among them.

    The choice is "banded" up to a bandwidth of 32, else "gth" if its factors hold at most 4e7 pairs of states and
    1.5e10 multiplications and fit into memory, else "iterative".
    """
    if method in {"auto", "banded"}:
        order, width = band_order(generator)
        if method == "banded" or width <= _NARROW:
            p = steady_state_banded(generator, order, width)
            return SparseSolution(p, "banded", f"entrywise accurate: nothing is subtracted (bandwidth {width})")
    if method == "iterative":
        return _iterated(generator)
    plan = plan_elimination(generator, _MOST_FILL if method == "auto" else _ANY_FILL)
    if method == "lu":
        p, steps = steady_state_lu(generator, plan)
        return SparseSolution(p, "lu", f"accurate beside the largest probability (refinements: {steps})")
    if method == "auto" and not _light(plan):
        return _iterated(generator)
    p = steady_state_eliminated(plan)
    return SparseSolution(p, "gth", f"entrywise accurate: nothing is subtracted ({plan.fill} pairs)")


def _light(plan: EliminationPlan) -> bool:
    """Whether an elimination takes seconds and fits into memory."""
    try:
        plan.require_memory()
    except MemoryLimitError:
        return False
    return plan.complete and plan.operations <= _MOST_OPERATIONS


def _iterated(generator: scipy.sparse.csc_array) -> SparseSolution:
    p, cycles = steady_state_iterated(symmetric_graph(generator))
    return SparseSolution(p, "iterative", f"converged in {cycles} cycle{'s' if cycles > 1 else ''}")
