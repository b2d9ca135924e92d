"""
A kernel and its two lobes
==========================

A kernel of area zero forgets a constant signal and answers a change. Under time times kernel, over the logarithm of
time,
equal areas are equal parts of the kernel's area.
"""

import thermo_cl as tcl

kernel = tcl.Ladder(gamma=1e-6).step_kernel(signal=200.0)
print(f"area {kernel.area:.2e}, first moment {kernel.first_moment:.3f} ladder times")
figure = kernel.plot()
