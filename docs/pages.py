"""Pages that follow from the package: public names by room, and the derivations of the symbolic room."""

from __future__ import annotations

import importlib
import inspect
import shutil
from pathlib import Path

from thermo_cl import symbolic
from thermo_cl.symbolic.documents.html import article
from thermo_cl.symbolic.documents.outcomes import chapters, verify

ROOMS: dict[str, tuple[str, ...]] = {
    "kernels": ("thermo_cl.kernels",),
    "markov": ("thermo_cl.markov",),
    "synapse": ("thermo_cl.synapse",),
    "learning": (
        "thermo_cl.learning", "thermo_cl.learning.training", "thermo_cl.learning.rules", "thermo_cl.learning.energy",
        "thermo_cl.learning.synapses", "thermo_cl.learning.data", "thermo_cl.learning.phases",
        "thermo_cl.learning.boltzmann", "thermo_cl.learning.forward_forward", "thermo_cl.learning.laboratory",
        "thermo_cl.learning.robustness",
    ),
    "feedback": (
        "thermo_cl.feedback", "thermo_cl.feedback.linear", "thermo_cl.feedback.nonlinear",
        "thermo_cl.feedback.reactions", "thermo_cl.feedback.mechanochemical", "thermo_cl.feedback.molecular",
        "thermo_cl.feedback.nanofluidic", "thermo_cl.feedback.networks", "thermo_cl.feedback.series",
        "thermo_cl.feedback.learning",
    ),
    "symbolic": ("thermo_cl.symbolic",),
    "sweep": ("thermo_cl.sweep",),
    "explore": ("thermo_cl.explore",),
    "plotting": ("thermo_cl.plotting",),
    "errors": ("thermo_cl.errors", "thermo_cl.units"),
}  # fmt: skip


def write(folder: Path) -> None:
    """Write all generated pages into a folder, in place of earlier ones."""
    for name in ("names", "derivations"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    for room, modules in ROOMS.items():
        (folder / "names" / f"{room}.rst").write_text(_names(room, modules), encoding="utf-8")
    for page, (paper, equations) in enumerate(_chapters().items(), start=1):
        (folder / "derivations" / f"chapter{page}.md").write_text(_derivations(paper, equations), encoding="utf-8")


def _chapters() -> dict[str, list[symbolic.Equation]]:
    return chapters(symbolic.equation(name) for name in symbolic.names())


def _names(room: str, modules: tuple[str, ...]) -> str:
    """Tables of the public names of a room, each with a page of its own; names of other rooms are left out."""
    title = f"Names in ``{room}``"
    parts, seen = [f"{title}\n{'=' * len(title)}\n"], set()
    for module in modules:
        entered = importlib.import_module(module)
        names = [name for name in entered.__all__ if id(getattr(entered, name)) not in seen and name != "__version__"]
        seen |= {id(getattr(entered, name)) for name in names}
        summary = (entered.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
        listed = "\n".join(f"   {name}" for name in names if _documented(getattr(entered, name)))
        parts.append(
            f"{module}\n{'-' * len(module)}\n\n{summary}\n\n.. currentmodule:: {module}\n\n"
            f".. autosummary::\n   :toctree: ../api\n   :nosignatures:\n\n{listed}\n"
        )
    return "\n".join(parts)


def _documented(item: object) -> bool:
    """Whether a name has a page: aliases of types and tables of data do not."""
    return inspect.isclass(item) or inspect.isfunction(item)


def _derivations(paper: str, equations: list[symbolic.Equation]) -> str:
    """A page of derivations: what proves and checks each is run when the page is made.

    Raises
    ------
    RuntimeError
        If one does not hold, so that no such page is published.
    """
    parts = [f"# {paper}\n"]
    for equation in equations:
        outcome = verify(equation)
        if not outcome.holds:
            raise RuntimeError(f"{equation.name} does not hold: {outcome.proof_in_words}; {outcome.check_in_words}")
        parts.append(f"```{{raw}} html\n{article(equation, outcome)}\n```\n")
    return "\n".join(parts)
