"""What scikit-learn asks of every estimator that makes features: its arguments, tags, and names of columns."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.data._optional import optional_module

__all__ = ["FeatureEstimator", "NotFittedError"]


class NotFittedError(InvalidParameterError, AttributeError):  # type: ignore[misc]  # both have a name
    """Nothing is learnt yet; an AttributeError too, so that ``hasattr`` of a fitted attribute is false."""


class FeatureEstimator(ABC):
    """An estimator whose constructor keeps its arguments under their names, and whose ``fit`` leaves ``machine_``."""

    @property
    @abstractmethod
    def components_(self) -> Array:
        """What is learnt, shape (features made, features given)."""

    @property
    @abstractmethod
    def n_features_in_(self) -> int:
        """Columns of the data."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_params().items())})"

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # as scikit-learn calls it
        """Arguments of the constructor by name."""
        del deep
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> Self:
        """Change some of them.

        Raises
        ------
        InvalidParameterError
            If there is no such argument.
        """
        for name, value in params.items():
            if name not in self._names():
                raise InvalidParameterError("params", name, f"one of {', '.join(self._names())}")
            setattr(self, name, value)
        return self

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Names of the columns of ``transform``.

        Raises
        ------
        InvalidParameterError
            If there is no machine yet, or ``input_features`` are given and not as many as, or not, those it knows.
        """
        columns = self.n_features_in_
        if input_features is not None:
            given = np.asarray(input_features, dtype=object)
            known = getattr(self, "feature_names_in_", given)
            if given.shape != (columns,) or (given != known).any():
                raise InvalidParameterError("input_features", input_features, f"the {columns} that were learnt")
        return np.array([f"{type(self).__name__.lower()}{k}" for k in range(len(self.components_))], dtype=object)

    def _name_features(self, values: Any) -> None:
        names = _column_names(values)
        if names is not None:
            self.feature_names_in_ = names

    def _check_names(self, values: Any) -> None:
        names, known = _column_names(values), getattr(self, "feature_names_in_", None)
        if names is not None and known is not None and not np.array_equal(names, known):
            raise InvalidParameterError("X.columns", list(names), f"those that were learnt, in order: {list(known)}")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "machine_")

    def __sklearn_tags__(self) -> Any:  # asked for by scikit-learn only
        utils = optional_module("sklearn.utils", "scikit-learn")
        return utils.Tags(
            estimator_type=None, target_tags=utils.TargetTags(required=False), transformer_tags=utils.TransformerTags()
        )


def _column_names(values: Any) -> Array | None:
    """Names of a data frame's columns, if they are text."""
    columns = getattr(values, "columns", None)
    if columns is None or not all(isinstance(name, str) for name in columns):
        return None
    return np.array(columns, dtype=object)
