"""The molecular synapse among few copies: its jump process, and the linkers that it makes one by one."""

from __future__ import annotations

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.molecular.dimer import DimerSynapse
from thermo_cl.feedback.molecular.reversible import ReversibleDimer
from thermo_cl.feedback.reactions import JumpProcess, jump_network

__all__ = ["dimer_copies"]


def dimer_copies(
    synapse: DimerSynapse | ReversibleDimer,
    volume: float,
    *,
    signal: float | None = None,
    spread: float = 7.0,
    max_states: int = 100_000,
) -> JumpProcess:
    """Jump process of the copy numbers of D, R, D* and X (and E, EX), at a constant signal.

    Numbers of D and X, which no conservation law limits, are kept below their mean at rest plus ``spread`` times its
    root (at least of 1), the same for every signal: processes at several signals have the same states, so that one
    goes on where another stopped. Linkers are not counted among the states; their mean rate is ``linker_rate`` times
    that of D*, and given a path of D* they are made as a Poisson process.

    Parameters
    ----------
    synapse : DimerSynapse or ReversibleDimer
    volume : float
        Molecules per uM, > 0: 602.2 in a femtolitre. The activator (and the enzyme) must be a whole number of
        molecules.
    signal : float, optional
        s = [A][B] in uM^2, > 0; the mean signal by default.
    spread : float
        > 0.
    max_states : int
        Refused above this.

    Returns
    -------
    JumpProcess
        ``initial`` is the rounded state of rest.

    Raises
    ------
    InvalidParameterError
        If the activator is not a whole number of molecules, an argument is out of range, or there are too many states.
    """
    size, width = check.positive_number("volume", volume), check.positive_number("spread", spread)
    plain = synapse.synapse if isinstance(synapse, ReversibleDimer) else synapse
    s = plain.mean_signal if signal is None else check.positive_number("signal", signal)
    network = synapse.network if isinstance(synapse, ReversibleDimer) else synapse.network()
    amounts = synapse.rest if isinstance(synapse, ReversibleDimer) else synapse.start()
    rest = dict(zip(network.species, map(float, amounts), strict=True))
    totals = {"activator": ("R", "D*", plain.activator)}
    if isinstance(synapse, ReversibleDimer):
        totals["enzyme"] = ("E", "EX", synapse.enzyme)
    counts = {name: round(rest[name] * size) for name in ("D", "X")}
    for field, (free, bound, amount) in totals.items():
        molecules = amount * size
        if abs(molecules - round(molecules)) > 1e-9 * molecules or round(molecules) < 1:
            raise InvalidParameterError(
                "volume", size, f"such that {field} = {amount:g} uM, now {molecules:g} molecules, is a whole number"
            )
        counts[bound] = min(round(rest[bound] * size), round(molecules))
        counts[free] = round(molecules) - counts[bound]
    largest = {n: int(np.ceil(rest[n] * size + width * np.sqrt(max(rest[n] * size, 1.0)))) for n in ("D", "X")}
    held = {"A": s / plain.partner, "B": plain.partner}
    return jump_network(network, counts, size, held=held, largest=largest, max_states=max_states)
