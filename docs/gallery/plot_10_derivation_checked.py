"""
A formula, derived and checked
==============================

The symbolic room proves an equation step by step and compares it with the numerical library.
"""

import matplotlib.pyplot as plt

from thermo_cl import symbolic

equation = symbolic.equation("tcl-47")
print(symbolic.text_derivation(equation))
figure = plt.figure(figsize=(6.0, 1.2))
figure.text(0.5, 0.5, f"${equation.latex()}$", ha="center", va="center", fontsize=16)
