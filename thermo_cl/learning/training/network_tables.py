"""Networks from the table of a run configuration: layers by their sizes, or connection by connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import feedforward
from thermo_cl.learning.energy import ACTIVATIONS
from thermo_cl.learning.feedforward import Connection, Convolution, Dense, MaxPooling, MeanPooling, Pooling
from thermo_cl.learning.training.table import Table

__all__ = ["NetworkChoice", "network_choice"]

_KINDS = ("energy", "feed-forward")
_DTYPES = ("float32", "float64")
_POOLINGS: dict[str, type[MeanPooling] | type[MaxPooling]] = {"mean": MeanPooling, "max": MaxPooling}


@dataclass(frozen=True)
class NetworkChoice:
    """Which network: its kind, and arguments of ``EnergyNetwork.glorot`` or ``FeedForwardNetwork.random``.

    ``scale`` is that of an energy network. ``loss``, ``connections``, ``pooling`` and ``input_shape`` are those of a
    feed-forward one: connections to all hidden layers, what comes before the last connection, and None for features
    without a shape.
    """

    kind: str
    hidden: tuple[int, ...]
    activation: str
    scale: float | None
    loss: str | None
    dtype: str
    connections: tuple[Connection, ...] = ()
    pooling: Pooling | None = None
    input_shape: tuple[int, ...] | None = None

    @property
    def layers(self) -> int:
        """Layers with parameters, the output's among them."""
        return 1 + len(self.connections if self.kind == "feed-forward" else self.hidden)

    @property
    def sized_by(self) -> str:
        """The entry that says how large the layers are."""
        return "hidden" if self.hidden or not self.connections else "connections"

    def to(self, classes: int) -> list[Connection]:
        """All connections of a feed-forward network, for so many classes."""
        return [*self.connections, Dense(classes, self.pooling)]


def network_choice(table: Table) -> NetworkChoice:
    """Network of a table ``network``; entries that the other kind has are refused when it is closed."""
    kind = table.text("kind", "energy", among=_KINDS)
    choice = _energy(table, kind) if kind == "energy" else _feed_forward(table, kind)
    table.close()
    return choice


def _energy(table: Table, kind: str) -> NetworkChoice:
    return NetworkChoice(
        kind,
        table.integers("hidden", [500], least=1),
        table.text("activation", "clip", among=ACTIVATIONS),
        table.number("scale", 0.5, positive=True),
        None,
        table.text("dtype", "float32", among=_DTYPES),
    )


def _feed_forward(table: Table, kind: str) -> NetworkChoice:
    given, pooling, hidden = table.tables("connections", None), None, tuple[int, ...]()
    if given is None:
        hidden = table.integers("hidden", [500], least=1)
        connections: tuple[Connection, ...] = tuple(map(Dense, hidden))
    else:
        if "hidden" in table.values:
            raise InvalidParameterError(table.name("hidden"), table.values["hidden"], "left out beside connections")
        connections, pooling = _connections(given)
    choice = NetworkChoice(
        kind,
        hidden,
        table.text("activation", "relu", among=feedforward.ACTIVATIONS),
        None,
        table.text("loss", "squared-error", among=feedforward.LOSSES),
        table.text("dtype", "float32", among=_DTYPES),
        connections,
        pooling,
        _input_shape(table),
    )
    _check_chain(table, choice)
    return choice


def _input_shape(table: Table) -> tuple[int, ...] | None:
    if "input_shape" not in table.values:
        return None
    shape = table.integers("input_shape", least=1)
    if len(shape) != 3:
        raise InvalidParameterError(table.name("input_shape"), list(shape), "a list [channels, height, width]")
    return shape


def _connections(tables: Sequence[Table]) -> tuple[tuple[Connection, ...], Pooling | None]:
    """Connections to the hidden layers, and the pooling before the one to the classes."""
    made: list[Connection] = []
    for table in tables[:-1]:
        make = _CONNECTIONS[table.text("kind", among=_CONNECTIONS)]
        made.append(make(table))
        table.close()
    last = tables[-1]
    if last.text("kind", among=_CONNECTIONS) != "dense":
        raise InvalidParameterError(last.name("kind"), last.values["kind"], "'dense' at the end, to the classes")
    if "units" in last.values:
        raise InvalidParameterError(
            last.name("units"), last.values["units"], "left out: the last connection leads to the classes of the data"
        )
    pooling = _pooling(last)
    last.close()
    return tuple(made), pooling


def _pooling(table: Table) -> Pooling | None:
    name = table.text("pooling", None, among=_POOLINGS)
    return None if name is None else _POOLINGS[name](table.integer("pooling_size", 2, least=1))


def _dense(table: Table) -> Dense:
    return Dense(table.integer("units", least=1), _pooling(table))


def _convolution(table: Table) -> Convolution:
    return Convolution(
        table.integer("channels", least=1),
        table.integer("size", 3, least=1),
        table.integer("stride", 1, least=1),
        table.integer("padding", 0, least=0),
        _pooling(table),
    )


_CONNECTIONS: dict[str, Callable[[Table], Connection]] = {"dense": _dense, "convolution": _convolution}


def _check_chain(table: Table, choice: NetworkChoice) -> None:
    """Refuse connections that do not fit the layer before them, as far as the shape of the inputs is known."""
    here = choice.input_shape
    for n, connection in enumerate(choice.to(classes=1)):
        place = f"connections[{n}]"
        if here is None and isinstance(connection, Dense) and connection.pooling is None:
            here = (connection.units,)
            continue
        if here is None:
            valid = f"given: a list [channels, height, width], of the image that {place} needs"
            raise InvalidParameterError(table.name("input_shape"), None, valid)
        try:
            *_, here = connection.shapes(here)
        except InvalidParameterError as error:
            seen = f"{connection} on a layer of shape {here}"
            valid = f"{'on a layer of shape' if error.name == 'input_shape' else f'of {error.name}'} {error.valid}"
            raise InvalidParameterError(table.name(place), seen, valid) from None
