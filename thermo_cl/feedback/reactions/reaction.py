"""One chemical reaction: what it takes, what it makes, and how fast."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError

__all__ = ["Reaction", "Saturated", "complex_text", "parse_reaction"]

_TERM = re.compile(r"(?:(\d+)\s*)?([A-Za-z][A-Za-z0-9_*']*)")
_ARROW = re.compile(r"<->|->")
_NOTATION = 'like "A + B <-> D", "2 A -> 0" or "X + Y -> X": names joined by "+", one arrow, "0" for nothing'

Complex = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Saturated:
    r"""Rate law :math:`v\,c/(K + c)` of a species that a saturable enzyme acts on (Michaelis and Menten).

    It is effective: the enzyme and its complex are not in it, and the law holds while they are few beside the species
    and fast beside everything else. It has no reverse rate, and so no entropy production.

    Parameters
    ----------
    speed : float
        Largest rate v > 0, in concentration/time (times the concentration of every other reactant).
    constant : float
        Concentration K >= 0 at which half of it is reached. K = 0 is zero order, rate v wherever c > 0: the exact
        integrator, and a description that holds as long as c stays above 0.
    species : str
        The reactant that saturates; may be left out if there is only one.
    """

    speed: float
    constant: float
    species: str = ""

    def __post_init__(self) -> None:
        speed = check.positive_number("speed", self.speed)
        constant = check.single("constant", check.non_negative("constant", self.constant))
        check.freeze(self, speed=speed, constant=constant)


@dataclass(frozen=True, init=False)
class Reaction:
    """A reaction with its rate constants.

    Parameters
    ----------
    reactants, products : mapping of str to int, or tuple of (str, int)
        Molecules of each species, >= 1; empty for nothing. At least one side is not empty, and the two differ.
    forward : float or Saturated
        Mass-action rate constant > 0, in concentration**(1 - molecules)/time, or a saturating law.
    backward : float
        Rate constant of the reverse reaction, >= 0, in the same way; 0 where there is none.

    Raises
    ------
    InvalidParameterError
        If a constant is negative or not finite, the reaction changes nothing, or a saturating law has a reverse
        rate or names no single reactant.

    Examples
    --------
    >>> Reaction({"A": 1, "B": 1}, {"D": 1}, 2.0, 0.5).text
    'A + B <-> D'
    """

    reactants: Complex
    products: Complex
    forward: float | Saturated
    backward: float

    def __init__(
        self,
        reactants: Mapping[str, int] | Complex,
        products: Mapping[str, int] | Complex,
        forward: float | Saturated,
        backward: float = 0.0,
    ) -> None:
        left, right = _complex("reactants", reactants), _complex("products", products)
        text = f"{complex_text(left)} -> {complex_text(right)}"
        if left == right:
            raise InvalidParameterError("reaction", text, "one that changes something")
        reverse = check.single(f"backward of {text}", check.non_negative(f"backward of {text}", backward))
        law = forward
        if isinstance(law, Saturated):
            law = _saturated(law, left, text)
            if reverse > 0:
                raise InvalidParameterError(
                    f"backward of {text}", reverse, "0 with a saturating law, which is effective and one-way; write "
                    "the enzyme and its complex as species for a reversible one",
                )  # fmt: skip
        else:
            law = check.single(f"forward of {text}", check.positive(f"forward of {text}", law))
        check.freeze(self, reactants=left, products=right, forward=law, backward=reverse)

    @property
    def reversible(self) -> bool:
        """Whether it has a reverse rate."""
        return self.backward > 0

    @property
    def text(self) -> str:
        """The reaction as it is written."""
        arrow = "<->" if self.reversible else "->"
        return f"{complex_text(self.reactants)} {arrow} {complex_text(self.products)}"

    @property
    def species(self) -> list[str]:
        """Names in order of appearance."""
        return list(dict.fromkeys(name for name, _ in (*self.reactants, *self.products)))


def complex_text(molecules: Complex) -> str:
    """Sum of species as it is written, "0" for none."""
    return " + ".join(name if n == 1 else f"{n} {name}" for name, n in molecules) or "0"


def parse_reaction(text: str, forward: float | Saturated, backward: float | None = None) -> Reaction:
    """Reaction written as text, such as "A + B <-> D".

    Parameters
    ----------
    text : str
        Species joined by "+", with whole numbers before them where there are several, "0" for nothing, and one arrow:
        "->" or, with a reverse rate, "<->".
    forward : float or Saturated
        As for ``Reaction``.
    backward : float, optional
        Needed exactly for "<->", > 0.

    Returns
    -------
    Reaction

    Raises
    ------
    InvalidParameterError
        If the text cannot be read, the arrow does not fit the constants, or a constant is not valid.
    """
    arrows = _ARROW.findall(text) if isinstance(text, str) else []
    if len(arrows) != 1:
        raise InvalidParameterError("reaction", text, _NOTATION)
    left, right = (_side(part, text) for part in _ARROW.split(text))
    if (arrows[0] == "<->") != (backward is not None):
        raise InvalidParameterError(
            f"backward of {text}", backward, "a rate constant for a reaction with <->, and left out for one with ->"
        )
    if backward is not None:
        check.positive(f"backward of {text}", backward)
    return Reaction(left, right, forward, 0.0 if backward is None else backward)


def _side(part: str, text: str) -> Complex:
    stripped = part.strip()
    if stripped == "0":
        return ()
    counted: dict[str, int] = {}
    for term in stripped.split("+"):
        found = _TERM.fullmatch(term.strip())
        if found is None:
            raise InvalidParameterError("reaction", text, _NOTATION)
        number, name = int(found[1] or 1), found[2]
        counted[name] = counted.get(name, 0) + number
    return tuple(counted.items())


def _complex(name: str, molecules: Mapping[str, int] | Complex) -> Complex:
    pairs = molecules.items() if isinstance(molecules, Mapping) else molecules
    counted: dict[str, int] = {}
    for species, number in pairs:
        if not isinstance(species, str) or not _TERM.fullmatch(species) or species[0].isdigit():
            raise InvalidParameterError(f"species of {name}", species, "a name of letters, digits, _, * and '")
        counted[species] = counted.get(species, 0) + check.integer_at_least(f"molecules of {species}", number, 1)
    return tuple(sorted(counted.items()))


def _saturated(law: Saturated, reactants: Complex, text: str) -> Saturated:
    alone = [name for name, n in reactants if n == 1]
    name = law.species or (alone[0] if len(reactants) == 1 and alone else "")
    if name not in alone:
        raise InvalidParameterError(
            f"saturated species of {text}", law.species, f"one of which the reaction takes one molecule: {alone}"
        )
    return Saturated(law.speed, law.constant, name)
