"""Chemical kinetics spelled out: rates from the text of reactions, Gillespie's method in a loop, brute enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np


def sides(text):
    """Reactants and products of a text as dictionaries of molecules."""
    result = []
    for part in text.replace("<->", "->").split("->"):
        side = {}
        for word in part.split("+"):
            tokens = word.split()
            if tokens == ["0"]:
                continue
            number, name = (int(tokens[0]), tokens[1]) if len(tokens) == 2 else (1, tokens[0])
            side[name] = side.get(name, 0) + number
        result.append(side)
    return result


def drift(entries, concentrations):
    """Rates of change by species, entries (text, forward[, backward]) of mass action."""
    change = dict.fromkeys(concentrations, 0.0)
    for text, *constants in entries:
        left, right = sides(text)
        for taken, made, k in zip((left, right), (right, left), constants, strict=False):
            rate = k * math.prod(concentrations[name] ** n for name, n in taken.items())
            for name, n in taken.items():
                change[name] -= n * rate
            for name, n in made.items():
                change[name] += n * rate
    return change


def master_equation(entries, volume, limits):
    """Generator over all copy numbers up to limits, in itertools' order, with the list of states (dense)."""
    names = list(limits)
    states = list(itertools.product(*(range(limits[name] + 1) for name in names)))
    place = {state: i for i, state in enumerate(states)}
    w = np.zeros((len(states), len(states)))
    for text, *constants in entries:
        left, right = sides(text)
        for taken, made, k in zip((left, right), (right, left), constants, strict=False):
            for state in states:
                count = dict(zip(names, state, strict=True))
                if any(count[name] < n for name, n in taken.items()):
                    continue
                rate = k * volume
                for name, n in taken.items():
                    rate *= math.perm(count[name], n) / volume**n
                    count[name] -= n
                for name, n in made.items():
                    count[name] += n
                after = tuple(count[name] for name in names)
                if after in place:
                    w[place[after], place[state]] += rate
                    w[place[state], place[state]] -= rate
    return w, states


def balanced_distribution(states, concentrations, volume):
    """Product of Poisson weights on given states: the steady state of a network in detailed balance."""
    means = np.asarray(concentrations) * volume
    logs = [sum(n * math.log(m) - math.lgamma(n + 1) for n, m in zip(row, means, strict=True)) for row in states]
    weights = np.exp(np.array(logs) - max(logs))
    return weights / math.fsum(weights)
