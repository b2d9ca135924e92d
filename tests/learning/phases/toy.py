"""A model with phases small enough to enumerate: a state among a few, moved by a kernel of each phase."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from thermo_cl.learning.data import Dataset
from thermo_cl.learning.phases import Phase, step_seed

DATA = Dataset([[0.25], [0.5], [1.0]], [0, 1, 0], classes=2, name="toy")


def uniforms(seed: int, count: int) -> np.ndarray:
    """What a step of that seed draws."""
    return np.random.default_rng(seed).random(count)


@dataclass(frozen=True, eq=False)
class Toy:
    """State k of 3 goes on by a softmax of ``A[k]`` (positive: of ``A[k]`` plus the example's input times ``u``).

    The statistic of state k is ``A - rows[k]`` and ``u * inputs - k``: it depends on the parameters, the state,
    the example and, by a sign, on the phase.
    """

    parameters: dict[str, np.ndarray]

    @classmethod
    def drawn(cls, seed: int = 0, dtype: type = np.float64) -> Toy:
        rng = np.random.default_rng(seed)
        return cls({"A": rng.normal(size=(3, 3)).astype(dtype), "u": rng.normal(size=3).astype(dtype)})

    def with_parameters(self, parameters: dict[str, np.ndarray]) -> Toy:
        return replace(self, parameters=dict(parameters))

    def start(self, batch: int, *, seed: int) -> tuple[np.ndarray, ...]:
        return (np.floor(3 * uniforms(seed, batch)).astype(np.int64),)

    def kernel(self, phase: Phase, inputs: np.ndarray) -> np.ndarray:
        """Probability of k -> j for each example, shape (batch, 3, 3)."""
        held = inputs[:, :1, None] if phase is Phase.POSITIVE else 0.0 * inputs[:, :1, None]
        logits = self.parameters["A"][None] + held * self.parameters["u"]
        odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return odds / odds.sum(axis=-1, keepdims=True)

    def run(self, phase, state, inputs, labels, *, steps: int, seed: int) -> tuple[np.ndarray, ...]:
        (k,) = state
        chances = self.kernel(phase, inputs.astype(float))
        for t in range(steps):
            draws = uniforms(step_seed(seed, t), len(k))
            rising = chances[np.arange(len(k)), k].cumsum(axis=1)
            k = np.minimum((draws[:, None] >= rising).sum(axis=1), 2)
        return (k,)

    def statistic(self, phase, state, inputs, labels) -> dict[str, np.ndarray]:
        (k,) = state
        a, u = self.parameters["A"], self.parameters["u"]
        rows = np.eye(3)[k][:, :, None] * (1.0 + labels[:, None, None]) - 0.5 * a * (1.0 + int(phase))
        other = u * inputs[:, :1] - k[:, None] * np.array([1.0, 2.0, -1.0])
        return {"A": rows.mean(axis=0).astype(a.dtype), "u": other.mean(axis=0).astype(u.dtype)}
