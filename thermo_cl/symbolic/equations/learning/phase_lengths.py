"""Learning during the whole phase (always-on learning): fixed and geometric phase lengths (Williams et al. 2023).

Parameters move by f(z_t)/tau at each step t = 1..T of a phase, while the states z_t follow a chain of row-stochastic
matrix P from the law mu (rows here, so mu P^t f is the mean after t steps). T = tau is fixed, or the phase ends with
probability 1/tau after each step. Parameters are frozen during the phase. The library has no learning rules yet:
numbers are compared with plain recursions over the steps of a phase.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.registry import register

__all__: list[str] = []

_DRAWS = 5
_STEPS = 600  # of the recursions; every drawn mode has decayed below rounding by then

_tau, _p, _q, _s = sp.symbols("tau p q s", positive=True)
_n, _t, _T = sp.symbols("n t T", integer=True, positive=True)
_mu = sp.Symbol("mu_1", nonnegative=True)
_f1, _f2 = sp.symbols("f_1 f_2", real=True)
_lam = sp.Symbol("lambda", positive=True)
_beyond, _up, _down, _mode = sp.symbols("a u v w", positive=True)

_MEANINGS: Mapping[sp.Symbol, str] = {
    _tau: "mean phase length, above 1 (steps)",
    _T: "fixed phase length (steps)",
    _p: "probability of a jump from state 1 to state 2 in a step, below 1",
    _q: "probability of a jump from state 2 to state 1 in a step, below 1",
    _mu: "probability of state 1 when the phase begins",
    _f1: "learning statistic in state 1 (gradient)",
    _f2: "learning statistic in state 2 (gradient)",
    _lam: "eigenvalue of a decaying mode of the chain, below 1",
    _s: "relaxation time of a mode of eigenvalue exp(-1/s) (steps)",
}
# sympy's assumptions know that a > 0, not that 1/tau < 1: values below 1 are written by their odds
_ODDS = {_tau: 1 + _beyond, _lam: _mode / (1 + _mode), _p: _up / (1 + _up), _q: _down / (1 + _down)}
_BACK = {_beyond: _tau - 1, _mode: _lam / (1 - _lam)}

_CHAIN = sp.Matrix([[1 - _p, _p], [_q, 1 - _q]])
_ROWS = sp.Matrix([[_q, _p], [_q, _p]]) / (_p + _q)  # the stationary law in every row
_START = sp.Matrix([[_mu, 1 - _mu]])
_F = sp.Matrix([_f1, _f2])
_EQUILIBRIUM = (_ROWS[0, :] * _F)[0]
_TRANSIENT = (_START * _CHAIN * (sp.eye(2) - _ROWS) / (_p + _q) * _F)[0]  # mu P D f, D of two_state_deviation
_STAY = 1 - 1 / _tau


@register
def geometric_phase_mode() -> Equation:
    """Summed over phase lengths, a mode gives the value of the resolvent: for every diagonalisable chain."""

    def total(tau: sp.Expr, lam: sp.Expr) -> sp.Expr:
        return sp.Sum((1 - 1 / tau) ** (_n - 1) / tau * sp.Sum(lam**_t / tau, (_t, 1, _n)), (_n, 1, sp.oo))

    def closed(tau: sp.Expr, lam: sp.Expr) -> sp.Expr:
        return lam / tau / (1 - (1 - 1 / tau) * lam)

    odds = (_ODDS[_tau], _ODDS[_lam])
    return _equation(
        "geometric-phase-mode",
        "A phase of geometric length turns a mode of the chain into the value of the resolvent",
        sp.Eq(total(_tau, _lam), closed(_tau, _lam), evaluate=False),
        Step(
            total(_tau, _lam), "a phase of n steps has probability (1 - 1/tau)^(n-1)/tau and adds lam^t/tau at step t"
        ),
        Step(total(*odds), "tau = 1 + a, lam = w/(1 + w), so that both ratios are below 1", lambda e: e.subs(_ODDS)),
        Step(closed(*odds), "sum the steps of a phase, then the phases", _sum_of_sums),
        Step(closed(_tau, _lam), "back to tau and lam", lambda e: e.subs(_BACK)),
        numbers=lambda v: _geometric(v[_tau], [v[_lam] ** t for t in range(1, _STEPS)]),
    )


@register
def geometric_phase_resolvent() -> Equation:
    """Three states, any matrix: the first step of a phase, and what follows if the phase goes on."""
    chain = sp.Matrix(3, 3, sp.symbols("P_1:4(1:4)", nonnegative=True))
    statistic = sp.Matrix(sp.symbols("f_1:4", real=True))
    unknown = sp.Matrix(sp.symbols("R_1:4", real=True))
    name = sp.Symbol("R", real=True)
    balance = unknown - chain * statistic / _tau - _STAY * chain * unknown
    resolvent = (sp.eye(3) - _STAY * chain).adjugate() / (sp.eye(3) - _STAY * chain).det()
    closed = chain * resolvent * statistic / _tau

    def compare(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        evaluate = sp.lambdify([*chain, *statistic, _tau], closed, "numpy")
        ours, direct = [], []
        for _ in range(_DRAWS):
            matrix, f, tau = rng.dirichlet(np.full(3, 2.0), 3), rng.normal(size=3), rng.uniform(2.0, 9.0)
            ours.append(evaluate(*matrix.ravel(), *f, tau)[:, 0])
            means = [f]
            for _ in range(_STEPS):
                means.append(matrix @ means[-1])
            direct.append(_geometric(tau, means[1:]))
        return np.array(ours), np.array(direct)

    return Equation(
        "geometric-phase-resolvent",
        "Williams et al. 2023",
        "",
        "Mean update of a phase of geometric length, from each first state: (1/tau) P (1 - (1 - 1/tau) P)^-1 f",
        sp.Eq(name, closed, evaluate=False),
        {
            name: "vector of mean updates of a phase, by first state (gradient)",
            _tau: _MEANINGS[_tau],
            **dict.fromkeys(chain, "probability of a step from the first state to the second"),
            **dict.fromkeys(statistic, "learning statistic in a state (gradient)"),
        },
        (
            Step(
                balance, "one step adds P f/tau; with probability 1 - 1/tau the phase goes on from there: R - ... = 0"
            ),
            Step(closed, "solve the linear equations for R", lambda e: _solve_linear(e, unknown)),
        ),
        compare,
    )


@register
def geometric_phase_update() -> Equation:
    """The same for two states, from powers of P and the probability that step t is reached."""
    total = sp.Sum(_STAY ** (_t - 1) / _tau * _mean(_t), (_t, 1, sp.oo))
    inverse = (sp.eye(2) - _STAY * _CHAIN).inv()
    closed = (_START * _CHAIN * inverse * _F)[0] / _tau
    return _equation(
        "geometric-phase-update",
        "Mean update of a phase of geometric length in a chain of two states: mu P (1 - (1 - 1/tau) P)^-1 f/tau",
        sp.Eq(total, closed, evaluate=False),
        Step(total, "step t is reached with probability (1 - 1/tau)^(t-1), and adds mu P^t f/tau"),
        Step(closed, "two geometric series, of the eigenvalues 1 and 1 - p - q", _sum_geometric),
        numbers=lambda v: _geometric(v[_tau], _means(v)),
    )


@register
def geometric_phase_bias() -> Equation:
    """Bias of a geometric phase: of order 1/tau, with the same transient as a fixed phase."""
    total = sp.Sum(_STAY ** (_t - 1) / _tau * (_mean(_t) - _EQUILIBRIUM), (_t, 1, sp.oo))
    closed = _TRANSIENT * (_p + _q) / (_tau * (_p + _q) + 1 - _p - _q)
    return _equation(
        "geometric-phase-bias",
        "Bias of a phase of geometric length in a chain of two states",
        sp.Eq(total, closed, evaluate=False),
        Step(total, "the weights (1 - 1/tau)^(t-1)/tau add up to 1: deviation of mu P^t f from equilibrium"),
        Step(closed, "geometric series of the eigenvalue 1 - p - q", _sum_geometric),
        numbers=lambda v: _geometric(v[_tau], _deviations(v)),
    )


@register
def geometric_phase_limit() -> Equation:
    """For long phases the bias becomes that of a phase of fixed length."""
    bias = _TRANSIENT * (_p + _q) / (_tau * (_p + _q) + 1 - _p - _q)
    limit = sp.Limit(_tau * bias, _tau, sp.oo, "-")
    return _equation(
        "geometric-phase-limit",
        "For long phases tau times the bias tends to mu P D f, with random as with fixed length",
        sp.Eq(limit, _TRANSIENT, evaluate=False),
        Step(limit, "tau times the bias of geometric-phase-bias"),
        Step(_TRANSIENT, "take the limit", lambda e: sp.limit(sp.together(e.args[0]), _tau, sp.oo)),
        numbers=lambda v: sum(_deviations(v)),
    )


@register
def two_state_deviation() -> Equation:
    """Deviation matrix D of two states, the sum of all deviations of the chain from equilibrium."""
    name = sp.Symbol("D", real=True)
    later = (_CHAIN**_t - _ROWS).applyfunc(lambda entry: sp.Sum(entry, (_t, 1, sp.oo)))
    closed = (sp.eye(2) - _ROWS) / (_p + _q)
    entries = sp.lambdify([_p, _q], closed, "numpy")

    def compare(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        ours, direct = [], []
        for p, q in rng.uniform(0.1, 0.9, (_DRAWS, 2)):
            chain, rows = np.array([[1 - p, p], [q, 1 - q]]), np.array([[q, p], [q, p]]) / (p + q)
            ours.append(entries(p, q))
            direct.append(np.linalg.inv(np.eye(2) - chain + rows) - rows)
        return np.array(ours), np.array(direct)

    return Equation(
        "two-state-deviation",
        "Williams et al. 2023",
        "",
        "Deviation matrix of a chain of two states",
        sp.Eq(name, closed, evaluate=False),
        {name: "deviation matrix (steps)", _p: _MEANINGS[_p], _q: _MEANINGS[_q]},
        (
            Step(sp.eye(2) - _ROWS + later, "definition: sum of P^t minus its limit, over t = 0, 1, 2, ..."),
            Step(
                closed,
                "geometric series of the eigenvalue 1 - p - q",
                lambda e: e.applyfunc(lambda entry: entry.replace(lambda x: isinstance(x, sp.Sum), _sum_geometric)),
            ),
        ),
        compare,
    )


@register
def fixed_phase_bias() -> Equation:
    """Bias of a phase of fixed length, exact at every length."""
    total = sp.Sum((_mean(_t) - _EQUILIBRIUM) / _T, (_t, 1, _T))
    closed = _TRANSIENT * (1 - (1 - _p - _q) ** _T) / _T
    return _equation(
        "fixed-phase-bias",
        "Bias of a phase of fixed length in a chain of two states",
        sp.Eq(total, closed, evaluate=False),
        Step(total, "mean deviation of mu P^t f from equilibrium, over the steps of the phase"),
        Step(closed, "finite geometric series", lambda e: sp.Sum(sp.expand(e.function), *e.limits).doit()),
        numbers=lambda v: sum(_deviations(v)[: int(v[_T])]) / v[_T],
    )


@register
def fixed_phase_limit() -> Equation:
    """Long fixed phases, mode by mode: a bias of the relaxation time over the phase length."""
    decay = sp.exp(-1 / _s)
    total = sp.Sum(decay**_t, (_t, 1, _T))
    limit = sp.Limit(total, _T, sp.oo, "-")
    closed = decay / (1 - decay)
    partial = decay * (1 - decay**_T) / (1 - decay)
    return _equation(
        "fixed-phase-limit",
        "For long fixed phases T times the bias tends to the mode's part of mu P D f, of the order of s",
        sp.Eq(limit, closed, evaluate=False),
        Step(limit, "T times the bias of a mode of eigenvalue exp(-1/s)"),
        Step(
            sp.Limit(partial, _T, sp.oo, "-"),
            "finite geometric series",
            lambda e: sp.Limit(_finite(e.args[0]), *e.args[1:]),
        ),
        Step(closed, "take the limit", lambda e: sp.limit(e.args[0], _T, sp.oo)),
        numbers=lambda v: sum(np.exp(-t / v[_s]) for t in range(1, _STEPS)),
    )


def _mean(step: sp.Expr) -> sp.Expr:
    """Mean of f after some steps, mu P^t f; sympy takes the power."""
    return (_START * _CHAIN**step * _F)[0]


def _sum_geometric(series: sp.Sum) -> sp.Expr:
    """Sum a series of geometric terms from 1 to infinity; nan unless every ratio is below 1 by the assumptions."""
    index = series.limits[0][0]
    total = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(series.function)):
        ratio = sp.simplify(sp.powsimp(term.subs(index, index + 1) / term))
        room = sp.expand(sp.numer(sp.together((1 - ratio**2).subs(_ODDS))))
        if ratio.has(index) or not room.is_positive:
            return sp.nan
        total += term.subs(index, 1) / (1 - ratio)
    return total


def _sum_of_sums(series: sp.Sum) -> sp.Expr:
    """Series whose terms contain a finite sum."""
    return _sum_geometric(series.func(series.function.doit(), *series.limits))


def _finite(total: sp.Sum) -> sp.Expr:
    """Finite geometric sum, by telescoping: (ratio - 1) times it is the last term's successor minus the first."""
    index, start, end = total.limits[0]
    ratio = sp.simplify(total.function.subs(index, index + 1) / total.function)
    return (total.function.subs(index, end + 1) - total.function.subs(index, start)) / (ratio - 1)


def _solve_linear(residual: sp.Matrix, unknown: sp.Matrix) -> sp.Matrix:
    matrix = residual.jacobian(unknown)
    return matrix.adjugate() * (matrix * unknown - residual).expand() / matrix.det()


def _geometric(tau: float, means: list[NDArray[np.float64]] | list[float]) -> NDArray[np.float64] | float:
    """Mean update of a phase that ends with probability 1/tau after each step."""
    total, reached = 0.0 * means[0], 1.0
    for mean in means:
        total, reached = total + reached * mean / tau, reached * (1 - 1 / tau)
    return total


def _means(v: Mapping[sp.Symbol, float]) -> list[float]:
    """Mean of f after 1, 2, 3, ... steps."""
    return _follow(v, np.array([v[_mu], 1 - v[_mu]]))


def _deviations(v: Mapping[sp.Symbol, float]) -> list[float]:
    """The same less its equilibrium value; the difference of the laws is followed, so that it keeps its digits."""
    shift = (v[_mu] * v[_p] - (1 - v[_mu]) * v[_q]) / (v[_p] + v[_q])
    return _follow(v, np.array([shift, -shift]))


def _follow(v: Mapping[sp.Symbol, float], law: NDArray[np.float64]) -> list[float]:
    chain, means = np.array([[1 - v[_p], v[_p]], [v[_q], 1 - v[_q]]]), []
    for _ in range(_STEPS):
        law = law @ chain
        means.append(float(law @ [v[_f1], v[_f2]]))
    return means


def _draw(rng: np.random.Generator) -> dict[sp.Symbol, float]:
    p, q, mu, lam = rng.uniform(0.1, 0.9, 4)
    drawn = {_p: p, _q: q, _mu: mu, _lam: lam, _f1: rng.normal(), _f2: rng.normal()}
    return drawn | {_tau: rng.uniform(2.0, 9.0), _T: float(rng.integers(1, 9)), _s: rng.uniform(0.5, 9.0)}


def _equation(
    name: str,
    title: str,
    statement: sp.Eq,
    *derivation: Step,
    numbers: Callable[[Mapping[sp.Symbol, float]], float | NDArray[np.float64]],
) -> Equation:
    """Entry whose right side is compared with ``numbers`` on random chains."""
    arguments = sorted(statement.free_symbols, key=str)

    def compare(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        evaluate = sp.lambdify(arguments, statement.rhs, "numpy")
        drawn = [_draw(rng) for _ in range(_DRAWS)]
        ours = [evaluate(*(values[symbol] for symbol in arguments)) for values in drawn]
        return np.array(ours), np.array([numbers(values) for values in drawn])

    symbols = {symbol: meaning for symbol, meaning in _MEANINGS.items() if symbol in statement.free_symbols}
    return Equation(name, "Williams et al. 2023", "", title, statement, symbols, derivation, compare)
