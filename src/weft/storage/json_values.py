"""JSON values: a text that reads back as what was written, and one canonical text for equal values to hash.

The text is plain JSON, with the keys of a mapping in its own order; the canonical one has them sorted, since two
mappings that differ in order alone are equal. What JSON lacks is an object with one key that begins with `$`:

    {"$datetime": ["2024-01-05T09:30:00-05:00", "America/New_York"]}      {"$tuple": [1, 2]}      {"$float": "nan"}

and an object of the user's own that has such a key is written as `{"$dict": [[key, value], …]}`, so that the two never
meet. Most values need none of this, which is found out at C speed: the text is decoded again and compared with the
value.

The data version (j1) is taken of the same text without the marks of tuples, records, enumerations and numpy scalars: a
dataclass and a dict, a list and a tuple of equal content have equal versions; 1 and 1.0, or a date and its text, have
not.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import decimal
import enum
import importlib
import math
import pathlib
import sys
import uuid
import zoneinfo
from collections.abc import Callable, Mapping

import msgspec

from weft.model import errors

_ENCODER = msgspec.json.Encoder(order="sorted")
_AS_WRITTEN = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder()
_MARK = b'"$'
_MAPPING = b"{"
_LARGEST = 2**63
_MAYBE_PLAIN = frozenset({dict, list, int, float, bool, str, type(None)})


class Unencodable(Exception):  # noqa: N818 - a signal between two modules, never seen by a user
    """A value, or something inside it, has no JSON form."""

    def __init__(self, value: object, path: str) -> None:
        """Keep the `value` that has no form and where it was found."""
        super().__init__(path)
        self.value = value
        self.path = path


def encode(value: object) -> tuple[bytes, bytes]:
    """Return the text to store and the text to hash, which are the same where there is no mapping.

    Raises:
        Unencodable: the value, or something inside it, has no JSON form.
    """
    try:
        if type(value) in _MAYBE_PLAIN:
            text = _plain_text(value)
            if text is not None:
                return text, _ENCODER.encode(value) if _MAPPING in text else text
        return _AS_WRITTEN.encode(_marked(value, "value", True)), _ENCODER.encode(_marked(value, "value", False))
    except (RecursionError, UnicodeEncodeError):
        raise Unencodable(value, "value") from None


def _plain_text(value: object) -> bytes | None:
    """Return the text of what is plain JSON through and through; None for what must be walked."""
    try:
        text = _AS_WRITTEN.encode(value)
        if _MARK not in text and _DECODER.decode(text) == value:
            return text
    except (TypeError, ValueError, OverflowError, msgspec.MsgspecError):
        return None  # the walk finds out what it is, or which part has no form
    return None


def decode(text: bytes, *, need_classes: bool = True) -> object:
    """Return the value that was encoded.

    Args:
        text: what `encode` returned first.
        need_classes: whether a record whose class is gone is an error; else its fields are returned as a dict.

    Raises:
        StorageError: the text is damaged, or a class that it names cannot be imported.
    """
    try:
        plain = _DECODER.decode(text)
    except msgspec.DecodeError as error:
        raise errors.StorageError(
            f"A stored JSON value is damaged: {error}.", remedy="Make the version again."
        ) from None
    return _unmarked(plain, need_classes) if _MARK in text else plain


def decode_plain(text: bytes) -> object:
    """Return the value that was encoded, with records as dicts of their fields: nothing is imported for it.

    For a process in which no module of the user's may be loaded, and where a text is not to name one that is.

    Raises:
        StorageError: the text is damaged.
    """
    try:
        plain = _DECODER.decode(text)
        return _unmarked(plain, None) if _MARK in text else plain
    except Exception as error:
        raise errors.StorageError(
            f"A stored JSON value is damaged: {error}.", remedy="Make the version again."
        ) from None


def as_json(value: object) -> object:
    """A value with the nearest that JSON has for what it has not: lists for sets and tuples, text for times."""
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _marked(value: object, path: str, typed: bool) -> object:
    """Return the JSON form of a value; `typed` also marks what counts for reading but not as content."""
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return simple(value)
    if isinstance(value, enum.Enum):
        return _as_record(value, _marked(value.value, f"{path}.value", typed), typed)
    if isinstance(value, Mapping):
        return _marked_mapping(value, path, typed)
    if isinstance(value, list):
        return [_marked(item, f"{path}[{index}]", typed) for index, item in enumerate(value)]
    if isinstance(value, tuple):
        if hasattr(kind, "_fields"):
            fields = {name: _marked(getattr(value, name), f"{path}.{name}", typed) for name in kind._fields}
            return _as_record(value, fields, typed)
        items = [_marked(item, f"{path}[{index}]", typed) for index, item in enumerate(value)]
        return {"$tuple": items} if typed else items
    if isinstance(value, (set, frozenset)):
        members = sorted((_marked(item, f"{path}{{…}}", typed) for item in value), key=_ENCODER.encode)
        return {"$set" if isinstance(value, set) or not typed else "$frozenset": members}
    return _marked_other(value, path, typed)


def _marked_mapping(value: Mapping[object, object], path: str, typed: bool) -> object:
    if all(isinstance(key, str) and not key.startswith("$") for key in value):
        return {str(key): _marked(item, f"{path}[{key!r}]", typed) for key, item in value.items()}
    pairs = [
        [_marked(key, f"{path} (key {key!r})", typed), _marked(item, f"{path}[{key!r}]", typed)]
        for key, item in value.items()
    ]
    return {"$dict": pairs if typed else sorted(pairs, key=lambda pair: _ENCODER.encode(pair[0]))}


def _marked_other(value: object, path: str, typed: bool) -> object:
    kind = type(value)
    root = kind.__module__.partition(".")[0]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return _as_record(
            value, {name: _marked(getattr(value, name), f"{path}.{name}", typed) for name in names}, typed
        )
    if isinstance(value, msgspec.Struct):
        names = list(value.__struct_fields__)
        return _as_record(
            value, {name: _marked(getattr(value, name), f"{path}.{name}", typed) for name in names}, typed
        )
    if _is_pydantic_model(kind):
        dumped = value.model_dump(mode="python", round_trip=True)  # type: ignore[attr-defined]
        return _as_record(value, _marked(dumped, path, typed), typed)
    if root == "numpy" and hasattr(value, "item") and getattr(value, "ndim", None) == 0 and hasattr(kind, "dtype"):
        return _marked_numpy(value, path, typed)
    if root == "pandas" and kind.__name__ == "Timestamp":
        return {"$timestamp": [value.isoformat(), None if value.tz is None else str(value.tz)]}  # type: ignore[attr-defined]
    if isinstance(value, pathlib.PurePath):
        return {"$path": str(value)}
    for base in (str, int, float, datetime.datetime, datetime.date):
        if isinstance(value, base) and root not in {"pandas", "numpy"}:
            return _marked(_plain(value, base), path, typed)
    raise Unencodable(value, path)


def _marked_numpy(value: object, path: str, typed: bool) -> object:
    import numpy

    assert isinstance(value, numpy.generic)
    if value.dtype.kind in "mM":
        return {"$numpy": [value.dtype.str, int(value.astype("int64"))]}
    if value.dtype.kind not in "biufSU" or (value.dtype.itemsize > 8 and value.dtype.kind == "f"):
        raise Unencodable(value, path)
    item = _marked(value.item(), path, typed)
    return {"$numpy": [value.dtype.str, item]} if typed else item


def _plain(value: object, base: type) -> object:
    """Return a value of a subclass of `base` as one of `base` itself."""
    if base is datetime.datetime:
        assert isinstance(value, datetime.datetime)
        return datetime.datetime(*value.timetuple()[:6], value.microsecond, value.tzinfo, fold=value.fold)  # noqa: DTZ001
    if base is datetime.date:
        assert isinstance(value, datetime.date)
        return datetime.date(value.year, value.month, value.day)
    converted: object = base.__new__(base, value)
    return converted


def _as_record(value: object, content: object, typed: bool) -> object:
    return {"$record": [f"{type(value).__module__}:{type(value).__qualname__}", content]} if typed else content


def _is_pydantic_model(kind: type) -> bool:
    """Tell whether a class is a pydantic model without importing pydantic."""
    return any(base.__module__ == "pydantic.main" and base.__name__ == "BaseModel" for base in kind.__mro__)


def _datetime_form(value: datetime.datetime) -> object:
    zone = value.tzinfo.key if isinstance(value.tzinfo, zoneinfo.ZoneInfo) else None
    return {"$datetime": [value.isoformat(), zone]}


_SIMPLE: dict[type, Callable[..., object]] = {
    int: lambda value: value if -_LARGEST <= value < _LARGEST else {"$int": str(value)},
    float: lambda value: value if math.isfinite(value) else {"$float": repr(value)},
    datetime.datetime: _datetime_form,
    datetime.date: lambda value: {"$date": value.isoformat()},
    datetime.time: lambda value: {"$time": value.isoformat()},
    datetime.timedelta: lambda value: {"$timedelta": [value.days, value.seconds, value.microseconds]},
    decimal.Decimal: lambda value: {"$decimal": str(value)},
    uuid.UUID: lambda value: {"$uuid": str(value)},
    bytes: lambda value: {"$bytes": base64.b64encode(value).decode()},
    bytearray: lambda value: {"$bytearray": base64.b64encode(value).decode()},
    complex: lambda value: {"$complex": [repr(value.real), repr(value.imag)]},
}


def _unmarked(plain: object, need_classes: bool | None) -> object:
    if isinstance(plain, list):
        return [_unmarked(item, need_classes) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if len(plain) == 1:
        ((mark, content),) = plain.items()
        if mark == "$record":
            return _record(content[0], _unmarked(content[1], need_classes), need_classes)
        if mark == "$dict":
            return {_unmarked(key, need_classes): _unmarked(item, need_classes) for key, item in content}
        if mark in {"$tuple", "$set", "$frozenset"}:
            return _CONTAINERS[mark](_unmarked(item, need_classes) for item in content)
        if mark == "$numpy" and need_classes is None:
            return _unmarked(content[1], None)
        if mark == "$numpy":
            return _numpy_scalar(content[0], _unmarked(content[1], need_classes))
        if mark == "$timestamp" and need_classes is None:
            return content[0]
        if mark.startswith("$"):
            return _READERS[mark](content)
    return {key: _unmarked(item, need_classes) for key, item in plain.items()}


def _read_datetime(content: list[str]) -> datetime.datetime:
    value = datetime.datetime.fromisoformat(content[0])
    return value if content[1] is None else value.astimezone(zoneinfo.ZoneInfo(content[1]))


def _read_timestamp(content: list[str]) -> object:
    import pandas

    value = pandas.Timestamp(content[0])
    return value if content[1] is None else value.tz_convert(content[1])


_CONTAINERS: dict[str, Callable[..., object]] = {"$tuple": tuple, "$set": set, "$frozenset": frozenset}
_READERS: dict[str, Callable[..., object]] = {
    "$int": int,
    "$float": float,
    "$datetime": _read_datetime,
    "$date": datetime.date.fromisoformat,
    "$time": datetime.time.fromisoformat,
    "$timedelta": lambda content: datetime.timedelta(*content),
    "$decimal": decimal.Decimal,
    "$uuid": uuid.UUID,
    "$bytes": base64.b64decode,
    "$bytearray": lambda content: bytearray(base64.b64decode(content)),
    "$complex": lambda content: complex(float(content[0]), float(content[1])),
    "$path": pathlib.Path,
    "$timestamp": _read_timestamp,
}


def _numpy_scalar(dtype: str, item: object) -> object:
    import numpy

    return numpy.array(item, dtype=dtype)[()]


def _record(name: str, content: object, need_classes: bool | None) -> object:
    """Build a record of the class `module:Name` from its fields, or an enumeration's member from its value."""
    if need_classes is None:
        return content
    module, _, qualified = name.partition(":")
    found: object = sys.modules.get(module)
    try:
        if found is None:
            found = importlib.import_module(module)
        for part in qualified.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        found = None
    if not isinstance(found, type):
        if not need_classes:
            return content
        raise errors.StorageError(
            f"A stored value is a {qualified} of the module {module!r}, which cannot be found now.",
            remedy="Annotate the parameter that reads it, bring the class back, or make the version again.",
        )
    try:
        return _built(found, content)
    except Exception as error:
        if not need_classes:
            return content
        raise errors.StorageError(
            f"A stored {qualified} does not fit its class any more: {error}", remedy="Make the version again."
        ) from error


def _built(cls: type, content: object) -> object:
    # A text names the class, so only classes that hold plain data are ever called.
    if issubclass(cls, enum.Enum):
        member: object = cls(content)
        return member
    assert isinstance(content, dict)
    if _is_pydantic_model(cls):
        built: object = cls.model_validate(content, by_alias=False, by_name=True, strict=False)  # type: ignore[attr-defined]
        return built
    if dataclasses.is_dataclass(cls):
        given = {field.name for field in dataclasses.fields(cls) if field.init}
        made = cls(**{name: item for name, item in content.items() if name in given})
        for name in content.keys() - given:
            object.__setattr__(made, name, content[name])
        return made
    if issubclass(cls, msgspec.Struct) or (issubclass(cls, tuple) and hasattr(cls, "_fields")):
        return cls(**content)
    raise TypeError(f"{cls.__qualname__} is not a class of records")
