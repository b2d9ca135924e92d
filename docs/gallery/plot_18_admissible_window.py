"""
Which ramps a Maxwell unit can learn with
=========================================

A spring in series with a dashpot answers the rate of its strain. Its response to a sawtooth, at three lengths of the
fast
ramp over its relaxation time.
"""

import matplotlib.pyplot as plt
import numpy as np

from thermo_cl import Sawtooth, periodic_response
from thermo_cl.feedback import MaxwellUnit

unit = MaxwellUnit()
figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
for ratio in (0.3, 3.0, 30.0):
    protocol = Sawtooth(fast=ratio * unit.timescale, slow=3.0 * ratio * unit.timescale)
    cycle = protocol.signal(1e-4)
    time = np.linspace(0.0, float(protocol.period), 500)
    stress = periodic_response(unit.kernel, cycle)(time)
    axes.plot(time / protocol.fast, 1e3 * stress, label=rf"$\tau_f$ = {ratio:g} $\tau$")
axes.set_xlabel(r"Time / $\tau_f$")
axes.set_ylabel("Stress (mN)")
axes.legend(frameon=False)
