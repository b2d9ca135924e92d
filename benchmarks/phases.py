"""Boltzmann machines and flexible phases beside peers: ``python -m benchmarks.phases``.

Writes ``phases.json``: Gibbs steps beside scikit-learn and learnergy at several sizes and numbers of chains, the
learning of Williams et al. (ICML 2023) on binarised MNIST by all four trainers, and forward-forward phases.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.command import ask_peers, benchmark
from benchmarks.run import environment
from benchmarks.timing import once, timed
from thermo_cl.learning.boltzmann import BoltzmannMachine, negative_log_likelihood, sample
from thermo_cl.learning.data import binarised, mnist12k
from thermo_cl.learning.phases import SGD, PhaseSchedule, always_on, isd, learn, two_term

SHAPES, BATCHES = ((794, 16), (784, 500)), (1, 10, 100)
STEPS = {1: 1000, 10: 500, 100: 200}  # of one call, by chains
PHASES, LENGTH, RATE, TRAINED = 80_000, 200, 0.005, 10_000


def trainers(length: int = LENGTH, probability: float = 0.5) -> dict[str, PhaseSchedule]:
    """The four ways to learn of Williams et al., by name."""
    return {
        "two-term": two_term(length),
        "ISD": isd(probability, length),
        "always-on, fixed": always_on(probability, length),
        "always-on, random": always_on(probability, length, geometric=True),
    }


def measure(*, quick: bool, peers: Path) -> dict[str, Any]:
    """All measurements, in seconds.

    Raises
    ------
    PeersMissingError
        If the peers' environment is not there.
    RuntimeError
        If their process fails.
    """
    load = os.getloadavg()[0]
    repeats, steps = (2, dict.fromkeys(STEPS, 20)) if quick else (7, STEPS)
    ours = {f"{v}-{h}, {n}": _sampling(v, h, n, steps[n], repeats) for v, h in SHAPES for n in BATCHES}
    request = {"shapes": SHAPES, "batches": BATCHES, "steps": steps, "repeats": repeats}
    theirs = ask_peers(peers, "sampling.py", json.dumps(request))
    sampling = {size: _compared(own, theirs["seconds_per_step"][size]) for size, own in ours.items()}
    return {
        "quick": quick,
        "sampling": sampling,
        "sampling_steps": {str(n): count for n, count in steps.items()},
        "learning": measure_learning(1000 if quick else PHASES),
        "forward_forward": measure_forward_forward(200 if quick else 2000),
        "peers": {name: theirs[name] for name in ("versions", "threads")},
        "environment": environment(load),
    }


def _sampling(visible: int, hidden: int, chains: int, steps: int, repeats: int) -> dict[str, Any]:
    machine = BoltzmannMachine.random(visible, hidden, visible_biases=True, rng=0)
    state = machine.start(chains, seed=0)
    return timed(lambda: sample(machine, state, steps=steps, seed=1), repeats).per(steps)._asdict()


def _compared(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Times of all, and how many times longer the better of a peer's own ways takes."""
    best = min(theirs[f"scikit-learn, {dtype}"]["median"] for dtype in ("float32", "float64"))
    return {
        "thermo_cl": ours,
        **theirs,
        "ratio": {
            "scikit-learn": best / ours["median"],
            "learnergy": theirs["learnergy"]["median"] / ours["median"],
        },
    }


def measure_learning(phases: int) -> dict[str, Any]:
    """Seconds of one run of each trainer on binarised MNIST, and the exact cost on other examples before and after."""
    data = binarised(mnist12k(), labels=True)
    train, test = data.take(slice(TRAINED)), data.take(slice(TRAINED, None))
    start = BoltzmannMachine.random(train.inputs.shape[1], 16, rng=0)
    results: dict[str, Any] = {}
    for name, schedule in trainers().items():
        learn(start, schedule, train, phases=2, optimizer=SGD(RATE))  # loads compiled code
        seconds, learned = once(lambda s=schedule: learn(start, s, train, phases=phases, optimizer=SGD(RATE), rng=0))
        cost = float(negative_log_likelihood(learned.model, test.inputs))
        results[name] = {"seconds": seconds, "test_negative_log_likelihood": cost}
    return {
        "phases": phases,
        "length": LENGTH,
        "test_negative_log_likelihood_at_start": float(negative_log_likelihood(start, test.inputs)),
        "trainers": results,
    }


def measure_forward_forward(phases: int) -> dict[str, Any]:
    """Seconds a phase of the 784-500-500 network at batch 1 with Adam, as in the paper."""
    from thermo_cl.learning.forward_forward import ForwardForwardNetwork
    from thermo_cl.learning.phases import Adam

    data = mnist12k().take(slice(TRAINED))
    network = ForwardForwardNetwork.random((784, 500, 500), rng=0)
    results: dict[str, Any] = {"phases": phases}
    for name, schedule in (("two-term", two_term(1)), ("ISD", isd(0.5, 1))):
        call = lambda s=schedule: learn(network, s, data, phases=phases, optimizer=Adam(0.01), rng=0)  # noqa: E731
        results[name] = timed(call, 3).per(phases)._asdict()
    return results


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    return benchmark("phases", __doc__, measure, arguments, peers=True)


if __name__ == "__main__":
    sys.exit(main())
