"""How values of each type become bytes: one codec for each format, chosen by the value's class (and remembered)."""

from __future__ import annotations

import pathlib
from typing import Literal

from weft.storage import json_values, tables

Format = Literal["json", "text", "bytes", "table", "path", "none", "array"]

_FORMATS: dict[type, Format] = {
    type(None): "none",
    str: "text",
    bytes: "bytes",
    bytearray: "bytes",
    memoryview: "bytes",
    dict: "json",
    list: "json",
    int: "json",
    float: "json",
    bool: "json",
    tuple: "json",
}
_NAMES: dict[type, str] = {}


def format_of(cls: type) -> Format:
    """Return the format for values of a class. What is nothing else is tried as JSON."""
    known = _FORMATS.get(cls)
    if known is None:
        known = _FORMATS[cls] = _find_format(cls)
    return known


def _find_format(cls: type) -> Format:
    if tables.kind_of(cls) is not None:
        return "table"
    if issubclass(cls, pathlib.PurePath):
        return "path"
    if issubclass(cls, (bytes, bytearray)):
        return "bytes"
    if any(base.__module__ == "numpy" and base.__name__ == "ndarray" for base in cls.__mro__):
        return "array"
    return "json"


def type_name(cls: type) -> str:
    """Return the qualified name of a class as it is recorded: `int`, `polars.DataFrame`, `shop.models.Order`."""
    name = _NAMES.get(cls)
    if name is None:
        kind = tables.kind_of(cls)
        if kind is not None:
            name = kind
        elif cls.__module__ == "builtins":
            name = cls.__qualname__
        elif issubclass(cls, pathlib.PurePath):
            name = "pathlib.Path"
        else:
            name = f"{cls.__module__}.{cls.__qualname__}"
        _NAMES[cls] = name
    return name


def describe_unstorable(problem: json_values.Unencodable) -> str:
    """Say which part of a value has no codec."""
    name = type_name(type(problem.value))
    where = "" if problem.path == "value" else f", found at {problem.path},"
    return f"A value of the type {name}{where} cannot be stored."
