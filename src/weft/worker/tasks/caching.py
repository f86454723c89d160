"""Cache keys: what must agree for the result of an earlier call to serve again.

A key is a digest over the parts of the task's policy: the canonical content of its inputs (as data versions are made),
the digest of its code, the run, and what key functions say. An input whose content can't be digested means that
nothing is reused, which is told in the log once for each task.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Any

from weft.define import bodies
from weft.define import caching as policies
from weft.model import errors
from weft.storage import codecs, hashing, json_values, tables

_told: set[tuple[str, str]] = set()


class CacheKeyError(errors.WeftError):
    """A key function raised, or gave something that is no key."""

    code = "cache-key"


def key(
    body: bodies.TaskBody,
    arguments: Mapping[str, Any],
    context: Any,
    run: str,
    known: Callable[[object], str | None] | None = None,
) -> str:
    """The cache key of a call; "" where nothing is to be reused.

    Args:
        body: the task, whose policy is asked.
        arguments: all arguments by parameter.
        context: what key functions get.
        run: the id of the run.
        known: gives the data version of a value for which it is known already.

    Raises:
        CacheKeyError: a key function raised, or returned neither text nor None.
    """
    if body.cache is None:
        return ""
    by = body.cache.by
    parts = [body.cache.name or body.name]
    if by.run:
        parts.append(f"run={run}")
    if by.source:
        if not body.code:
            _tell_once(body.name, "its code has no fingerprint")
            return ""
        parts.append(f"code={body.code}")
    for function in by.keys:
        said = _said(function, body.name, context, arguments)
        if said is None:
            return ""
        parts.append(f"key={said}")
    if by.inputs:
        found = digest({name: value for name, value in arguments.items() if name not in by.without}, known)
        if found is None:
            _tell_once(body.name, "an argument has no canonical content to be told apart by")
            return ""
        parts.append(f"inputs={found}")
    return "k1:" + hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def refresh(body: bodies.TaskBody) -> bool:
    """Whether the body is to run even if there is a result, which it then replaces.

    Raises:
        CacheKeyError: the function that decides it raised.
    """
    if body.cache is None:
        return False
    wanted = body.cache.refresh
    if not callable(wanted):
        return wanted
    try:
        return bool(wanted())
    except Exception as error:
        raise _failed(wanted, body.name, "refresh function", error) from error


def expires(body: bodies.TaskBody, now: int) -> int | None:
    """Until when a result that was made `now` serves, in microseconds since the epoch; None for ever."""
    seconds = None if body.cache is None else body.cache.seconds
    return None if seconds is None else now + int(seconds * 1_000_000)


def digest(arguments: Mapping[str, Any], known: Callable[[object], str | None] | None = None) -> str | None:
    """A digest over values by name, the same for equal content; None where one can't be digested.

    Args:
        arguments: the values.
        known: gives the data version of a value for which it is known already.
    """
    parts = []
    for name in sorted(arguments):
        value = arguments[name]
        found = known(value) if known is not None else None
        if found is None:
            found = content(value)
        if found is None:
            return None
        parts.append(f"{name}={found}")
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def content(value: object) -> str | None:
    """What identifies the content of a value, as its data version would; None where there is no such thing."""
    kind = type(value)
    try:
        match codecs.format_of(kind):
            case "json":
                return hashing.version("j1", json_values.encode(value)[1])
            case "text":
                return hashing.version("s1", value.encode("utf-8", "surrogatepass"))  # type: ignore[attr-defined]
            case "bytes":
                return hashing.version("b1", bytes(value))  # type: ignore[call-overload]
            case "none":
                return "none"
            case "path":
                return hashing.version("s1", str(value).encode("utf-8", "surrogatepass"))
            case "table":
                from weft.storage import table_hashing

                found = tables.kind_of(kind)
                assert found is not None
                return table_hashing.version(tables.to_arrow(value, found))
            case "array":
                return _array(value)
    except (json_values.Unencodable, errors.WeftError, TypeError, ValueError):
        return None  # whatever stands in the way: it can't be told apart, so nothing is reused


def _array(value: Any) -> str | None:
    import numpy

    if value.dtype.hasobject:
        return None
    array = numpy.ascontiguousarray(value)
    return hashing.version("n1", repr((str(array.dtype), value.shape)).encode() + array.tobytes())


def _said(function: policies.KeyFunction, task: str, context: Any, arguments: Mapping[str, Any]) -> str | None:
    try:
        said = function(context, arguments)
    except Exception as error:
        raise _failed(function, task, "cache key function", error) from error
    if said is not None and not isinstance(said, str):
        raise CacheKeyError(
            f"The cache key function {_name(function)} of the task {task!r} returned {said!r}, which is no text.",
            remedy="Return the key as text, or None where nothing is to be reused.",
        )
    return said


def _failed(function: object, task: str, role: str, error: Exception) -> CacheKeyError:
    return CacheKeyError(
        f"The {role} {_name(function)} of the task {task!r} raised {type(error).__qualname__}: {error}.",
        remedy="Correct it; nothing was reused and the task did not run.",
    )


def _name(function: object) -> str:
    return repr(getattr(function, "__qualname__", None) or type(function).__qualname__)


def _tell_once(task: str, why: str) -> None:
    if (task, why) not in _told:
        _told.add((task, why))
        logging.getLogger(__name__).warning("The results of the task %r are not cached: %s.", task, why)
