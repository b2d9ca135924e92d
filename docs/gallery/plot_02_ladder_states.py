"""
Occupancies and currents of a ladder
====================================

Two rails of levels. The drive turns probability around them; discs are occupancies, arrows net currents.
"""

import thermo_cl as tcl

ladder = tcl.Ladder(gamma=1e-2)
print(f"dissipation {ladder.entropy_production_rate():.3g} k_B per ladder time")
figure = ladder.plot(signal=20.0)
