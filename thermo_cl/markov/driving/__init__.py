"""Networks under a time-dependent signal: periodic states, finite paths, and their costs.

``periodic_state`` gives the state that a periodic signal ends in, ``drive`` the way from a given distribution; both
results know their work, heat and entropy production. There is one method, collocation of order 13 on an adaptive
mesh. Choose the tolerance: it bounds the error of a probability at any time, and three more digits cost about twice
the time. For signals that are functions, give the times of their kinks as ``breaks``; a ``PeriodicSignal`` and
a ``Ladder`` know theirs. To drive another network, wrap its rates in a ``DrivenNetwork``.
"""

from thermo_cl.markov.driving.cycle import DrivenCycle, DrivenPath
from thermo_cl.markov.driving.solve import drive, periodic_state
from thermo_cl.markov.driving.system import DrivenNetwork

__all__ = ["DrivenCycle", "DrivenNetwork", "DrivenPath", "drive", "periodic_state"]
