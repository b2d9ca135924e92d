"""What a schedule does to a model, written out step by step with numbers of its own bookkeeping."""

from __future__ import annotations

import math

import numpy as np

from thermo_cl.learning.data import Dataset
from thermo_cl.learning.phases import Phase, PhaseSchedule, Plan, RandomPhase, step_seed


def plain_sgd(model, schedule: PhaseSchedule, plan: Plan, data: Dataset, rate: float):
    """Parameters, and b before every phase, after a whole plan of descent."""
    theta = {name: value.copy() for name, value in model.parameters.items()}
    own = not isinstance(schedule.choice, RandomPhase) and schedule.choice.persistent
    chains = [model.start(plan.batch, seed=int(s)) for s in (plan.start if own else plan.start[:1])]
    c = {name: 0.0 * value for name, value in theta.items()}
    m_up, m_down, b = math.nan, math.nan, getattr(schedule.choice, "probability", 0.5)
    seen, pending = [], None
    tau = schedule.length.mean
    for k in range(len(plan)):
        x, y = data.inputs[plan.example[k]], data.labels[plan.example[k]]
        if isinstance(schedule.choice, RandomPhase):
            up, weight = (True, 1 / b) if plan.uniform[k] < b else (False, -1 / (1 - b))
        else:
            up, weight = (True, 1.0) if k % 2 == 0 else (False, -1.0)
        seen.append(b)
        phase, chain = Phase(int(up)), (int(up) if own else 0)
        gs = []
        for t in range(int(plan.length[k])):
            now = model.with_parameters(theta)
            chains[chain] = now.run(phase, chains[chain], x, y, steps=1, seed=step_seed(int(plan.seed[k]), t))
            gs.append(now.statistic(phase, chains[chain], x, y))
            if schedule.updates == "always":
                theta = {n: theta[n] - rate / tau * weight * (gs[-1][n] - c[n]) for n in theta}
        if schedule.updates == "end":
            gs = gs[-1:]
            if isinstance(schedule.choice, RandomPhase):
                theta = {n: theta[n] - rate * weight * (gs[0][n] - c[n]) for n in theta}
            elif up:
                pending = gs[0]
            else:
                theta = {n: theta[n] - rate * (pending[n] - gs[0][n]) for n in theta}
        baseline, adaptation = getattr(schedule.choice, "baseline", None), getattr(schedule.choice, "adaptation", None)
        share = 1 / tau if schedule.updates == "always" else 1.0
        square = sum(float((sum(share * (g[n] - c[n]) for g in gs) ** 2).sum()) for n in theta)
        if baseline is not None:
            odds = (1 - b) / b if up else b / (1 - b)
            step = baseline.rate * (odds**2 if odds < 1 else 1.0)
            c = {n: c[n] + step * (sum(g[n] for g in gs) / len(gs) - c[n]) for n in theta}
        if adaptation is not None:
            if up:
                m_up = square if np.isnan(m_up) else (1 - adaptation.rate) * m_up + adaptation.rate * square
            else:
                m_down = square if np.isnan(m_down) else (1 - adaptation.rate) * m_down + adaptation.rate * square
            if not np.isnan(m_up + m_down):
                best = math.sqrt(m_up) / (math.sqrt(m_up) + math.sqrt(m_down))
                b = min(max(best, adaptation.lowest), adaptation.highest)
    return theta, np.array(seen)
