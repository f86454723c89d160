"""Binding: which arguments a body is called with."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

from weft.define import bodies
from weft.model import errors
from weft.ports import executor
from weft.storage import combining
from weft.worker import values

_MISSING = object()


class InputReader:
    """Turns the input bindings of assignments into arguments, for the parameters of one function."""

    __slots__ = ("_annotations", "_elements", "_values")

    def __init__(self, parameters: bodies.Parameters, reader: values.Values) -> None:
        """Read through `reader`, as the annotations of `parameters` ask."""
        self._annotations = dict(parameters.annotations)
        self._elements: dict[str, object] = {}
        self._values = reader

    def bind(self, bindings: tuple[executor.InputBinding, ...], arguments: dict[str, Any]) -> None:
        """Add the value of each binding that has a parameter to `arguments`."""
        for binding in bindings:
            parameter = binding.parameter
            if parameter is not None:
                arguments[parameter] = self.value(binding, parameter)

    def value(self, binding: executor.InputBinding, parameter: str) -> object:
        """Return the argument that a binding gives a parameter.

        Raises:
            StorageError: a value cannot be read.
        """
        annotation = self._annotations.get(parameter)
        if binding.single:
            return self._only(binding, parameter, annotation)
        if annotation is not None and not combining.takes_several(annotation):
            return self._only(binding, parameter, annotation)
        element = self._element(parameter, annotation)
        read = self._values.read
        found = {str(key): read(value, element) for key, value in zip(binding.partitions, binding.values, strict=True)}
        return combining.combine(found, annotation)

    def _only(self, binding: executor.InputBinding, parameter: str, annotation: object) -> object:
        """The one value that a mapping such as yesterday's gives; None where there is none and that is allowed."""
        if len(binding.values) == 1:
            return self._values.read(binding.values[0], annotation)
        if not binding.values and type(None) in typing.get_args(annotation):
            return None
        raise errors.StorageError(
            f"The parameter {parameter!r} reads one value of {binding.asset!r}, but the mapping gives "
            f"{len(binding.values)} partitions.",
            remedy="Annotate it with `| None` if there may be none."
            if binding.single
            else "Annotate it as dict[str, …] to get the values by partition.",
        )

    def _element(self, parameter: str, annotation: object) -> object:
        found = self._elements.get(parameter, _MISSING)
        if found is _MISSING:
            found = self._elements[parameter] = combining.element_type(annotation) if annotation is not None else None
        return found


def unbound(parameters: bodies.Parameters, bindings: tuple[executor.InputBinding, ...]) -> Mapping[str, str]:
    """Return the parameters that read an asset but have no binding of their own, with the asset."""
    bound = {binding.parameter for binding in bindings}
    return {parameter: asset for parameter, asset in parameters.inputs.items() if parameter not in bound}
