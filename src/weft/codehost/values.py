"""Describing values canonically: what closures, defaults and bound arguments hold, as text.

A description has no identities, no hash order and no place on disk: paths below the project's root are written
relative to it. Functions and classes of the project are named, and returned as references to be followed. What cannot
be described is told.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import functools
import itertools
import operator
import pathlib
import re
import types
import uuid
import zoneinfo
from collections.abc import Callable
from typing import NamedTuple

from weft.codehost import ownership


class Description(NamedTuple):
    """A value as canonical text, what it refers to of the project, and what in it could not be described."""

    text: str
    references: tuple[object, ...]
    opaque: tuple[str, ...]
    """Each as `path (why)`, where path starts with the name that the value was given."""


_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), type(NotImplemented), range, slice)
_BY_REPR = (
    datetime.date,
    datetime.time,
    datetime.timedelta,
    datetime.timezone,
    decimal.Decimal,
    fractions.Fraction,
    uuid.UUID,
    operator.itemgetter,
    operator.attrgetter,
    operator.methodcaller,
)
_MAPPINGS = (dict, types.MappingProxyType)
_DEEPEST = 50


def describe(
    value: object, name: str, *, owns: Callable[[object], bool], relative: Callable[[str], str | None]
) -> Description:
    """Describe a value that is known as `name`.

    `owns` tells whether a function, class or module is the project's own; `relative` gives the part of a path below
    the root.
    """
    writer = _Writer(owns, relative)
    writer.write(value, name, 0)
    return Description("".join(writer.parts), tuple(writer.references), tuple(writer.opaque))


def definition_function(value: object) -> object | None:
    """Return the user's function inside one of weft's definition objects, or None if `value` is none of these."""
    if isinstance(value, type) or not ownership.is_own_package(type(value).__module__):
        return None
    inner: object = getattr(value, "function", None)
    return inner if callable(inner) else None


def wrapped_by(value: object) -> object | None:
    """Return what a wrapper such as one of functools.lru_cache says that it wraps, or None.

    Only the object's own dictionary is asked: an object that answers for every attribute would never end.
    """
    own = None if isinstance(value, type) else getattr(value, "__dict__", None)
    inner: object = own.get("__wrapped__") if isinstance(own, dict) else None
    return inner if callable(inner) and inner is not value else None


def is_opaque(value: object) -> bool:
    """Tell whether a value's type is such that its state may hold what no code of the project says."""
    kind = type(value)
    if isinstance(
        value, (*_PLAIN, *_BY_REPR, *_MAPPINGS, list, tuple, set, frozenset, bytearray, enum.Enum, re.Pattern)
    ):
        return False
    if isinstance(value, (pathlib.PurePath, zoneinfo.ZoneInfo, type, types.ModuleType, functools.partial)):
        return False
    if callable(value) and hasattr(value, "__qualname__"):
        return False
    # A logger says how a step reports; weft's own objects are declarations; typing's are types.
    return not ownership.is_own_package(kind.__module__) and kind.__module__ not in ("logging", "typing", "types")


class _Writer:
    def __init__(self, owns: Callable[[object], bool], relative: Callable[[str], str | None]) -> None:
        self.owns = owns
        self.relative = relative
        self.parts: list[str] = []
        self.references: list[object] = []
        self.opaque: list[str] = []
        self.open: set[int] = set()

    def write(self, value: object, path: str, depth: int) -> None:
        if isinstance(value, enum.Enum):
            self.named("enum", type(value))
            self.parts.append(f".{value.name};")
        elif isinstance(value, str):
            below = self.relative(value)
            self.parts.append(ascii(value) if below is None else f"root:{below!a}")
        elif type(value) in _PLAIN or isinstance(value, _BY_REPR) or type(value) is bytearray:
            self.parts.append(ascii(value))
        elif isinstance(value, pathlib.PurePath):
            below = self.relative(str(value))
            self.parts.append(f"path:{value.as_posix()!a}" if below is None else f"path:root:{below!a}")
        elif isinstance(value, re.Pattern):
            self.parts.append(f"re:{value.pattern!a}:{value.flags}")
        elif isinstance(value, zoneinfo.ZoneInfo):
            self.parts.append(f"zone:{value.key!a}")
        elif id(value) in self.open or depth > _DEEPEST:
            self.parts.append("cycle")
        else:
            self.open.add(id(value))
            self.compound(value, path, depth + 1)
            self.open.discard(id(value))
        self.parts.append(",")

    def compound(self, value: object, path: str, depth: int) -> None:
        if isinstance(value, _MAPPINGS) and type(value).__module__ in ("builtins", "collections"):
            self.parts.append("{")
            for key, each in value.items():
                self.write(key, path, depth)
                self.write(each, f"{path}[{key!r}]" if isinstance(key, str | int) else path, depth)
            self.parts.append("}")
        elif type(value) in (list, tuple):
            self.parts.append(f"{type(value).__name__}(")
            for index, each in enumerate(value):  # type: ignore[arg-type]
                self.write(each, f"{path}[{index}]", depth)
            self.parts.append(")")
        elif isinstance(value, set | frozenset):
            self.parts.append(f"set({''.join(sorted(self.apart(each, path, depth) for each in value))})")
        elif isinstance(value, functools.partial):
            self.parts.append("partial(")
            for part in (value.func, value.args, value.keywords):
                self.write(part, path, depth)
            self.parts.append(")")
        elif isinstance(value, types.MethodType):
            self.parts.append("method:")
            self.write(value.__func__, path, depth)
            self.write(value.__self__, path, depth)
        elif isinstance(value, types.ModuleType):
            self.parts.append(f"module:{value.__name__}")
            if self.owns(value):
                self.opaque.append(f"{path} (the module {value.__name__} as a value)")
        elif isinstance(value, type):
            self.named("class", value)
        elif (inner := definition_function(value)) is not None:
            self.write(inner, path, depth)
        elif callable(value) and hasattr(value, "__qualname__"):
            self.callable(value, path, depth)
        else:
            self.instance(value, path, depth)

    def apart(self, value: object, path: str, depth: int) -> str:
        outer, self.parts = self.parts, []
        self.write(value, path, depth)
        text, self.parts = "".join(self.parts), outer
        return text

    def named(self, kind: str, value: object) -> None:
        """Write something that has a qualified name; follow it if it is the project's."""
        if self.owns(value):
            self.references.append(value)
            # The module is left out: it is another in the main program, and the reference names it.
            self.parts.append(f"{kind}:{getattr(value, '__qualname__', '')}")
        else:
            self.parts.append(
                f"{kind}:{_public(getattr(value, '__module__', ''))}.{getattr(value, '__qualname__', '')}"
            )

    def callable(self, value: object, path: str, depth: int) -> None:
        wrapped = wrapped_by(value)
        if isinstance(value, types.FunctionType) and self.owns(value):
            self.named("function", value)
        elif wrapped is not None:
            self.parts.append(f"wrapped:{type(value).__name__}:")
            self.write(wrapped, path, depth)
        else:
            self.named("function", value)

    def instance(self, value: object, path: str, depth: int) -> None:
        """Write an object by its class and attributes, if its class is one whose attributes are all there is to it."""
        kind = type(value)
        fields = _fields_of(value, owned=self.owns(kind))
        self.named("instance", kind)
        if fields is None:
            self.opaque.append(f"{path} (an object of {kind.__module__}.{kind.__qualname__})")
            return
        self.parts.append("(")
        for name, each in fields:
            self.parts.append(f"{name}=")
            self.write(each, f"{path}.{name}", depth)
        if isinstance(value, list | tuple | dict):
            plain = dict(value) if isinstance(value, dict) else tuple(value)
            self.write(plain, path, depth)
        self.parts.append(")")


def _public(module: object) -> str:
    """Return a module's name without its private part: `pathlib._local` came with Python 3.13, and is `pathlib`."""
    first, *rest = str(module).split(".")
    return ".".join([first, *itertools.takewhile(lambda part: not part.startswith("_"), rest)])


def _fields_of(value: object, *, owned: bool) -> list[tuple[str, object]] | None:
    """Return an object's attributes by name, or None if they may not be all that it is."""
    kind = type(value)
    declared = getattr(kind, "__dataclass_fields__", None) or getattr(kind, "__struct_fields__", None)
    if not owned and declared is None and not hasattr(kind, "model_fields") and not hasattr(kind, "_fields"):
        return None
    names = set(declared or ())
    names.update(getattr(value, "__dict__", ()))
    for each in kind.__mro__:
        slots = each.__dict__.get("__slots__", ())
        names.update((slots,) if isinstance(slots, str) else slots)
    names -= {"__dict__", "__weakref__"}
    return [(name, getattr(value, name)) for name in sorted(names) if hasattr(value, name)]
