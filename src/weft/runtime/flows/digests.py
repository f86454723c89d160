"""What tells the inputs of a call apart: a digest over its arguments, equal for equal content in any process.

Small values are digested by their content; tables and arrays by their data version. A value that has no canonical form
(a connection, say) is known by the call that returned it, if one did: the same call gives it again on resuming. What
can't be known either way gives no digest, and its call is never taken from the ledger.
"""

from __future__ import annotations

import hashlib
import weakref
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from weft.storage import codecs, hashing, json_values
from weft.worker.tasks import caching

_SMALL = frozenset({int, float, bool, str, bytes, type(None)})
_MOST_KNOWN = 4096
_LARGE = 65_536
_MOST_LARGE = 2


class Known:
    """Values that calls of this run returned, by identity, with what is known of their content.

    Small ones are held, so that no other object can take their identity; the oldest are forgotten. Large ones are
    watched where their type allows it, else held for a few calls: a run is not to keep all that went through it.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[int, tuple[object, str, str]] = OrderedDict()
        self._large: OrderedDict[int, tuple[object, str, str]] = OrderedDict()

    def note(self, value: object, version: str, call: str, size: int = 0) -> None:
        """Remember the data version of a value of so many bytes, and the call that returned it as `step#item`."""
        if type(value) in _SMALL:
            return  # such objects are shared by all who have an equal one
        known, held = self._known, value
        if size > _LARGE:
            try:
                held = weakref.ref(value)
            except TypeError:  # a list, say
                known = self._large
        self._known.pop(id(value), None)
        known[id(value)] = (held, version, call)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        if len(self._large) > _MOST_LARGE:
            self._large.popitem(last=False)

    def version(self, value: object) -> str:
        """The data version of a value that a call returned, "" where it is not known."""
        return self._of(value)[0]

    def call(self, value: object) -> str:
        """The call that returned this very object, "" where none is known."""
        return self._of(value)[1]

    def _of(self, value: object) -> tuple[str, str]:
        found = self._known.get(id(value)) or self._large.get(id(value))
        if found is None:
            return "", ""
        held, version, call = found
        if isinstance(held, weakref.ref) and held() is not value:
            return "", ""  # it is gone, and this one has its place in memory
        return version, call


def digest(arguments: Mapping[str, object], known: Known) -> str:
    """The digest of a call's arguments by name; "" where one of them can't be digested."""
    plain = _encoded(dict(arguments))
    if plain is None:
        parts: list[bytes] = []
        for name, value in arguments.items():
            one = _one(value, known)
            if one is None:
                return ""
            parts.append(f"{name}={one}".encode())
        plain = b"\0".join(parts)
    return hashlib.blake2b(plain, digest_size=hashing.DIGEST_BYTES).hexdigest()


def _encoded(value: object) -> bytes | None:
    try:
        return json_values.encode(value)[1]
    except json_values.Unencodable:
        return None


def _one(value: object, known: Known) -> str | None:
    """What identifies the content of one value, None where it can't be known."""
    if codecs.format_of(type(value)) in ("table", "array") and (version := known.version(value)):
        return version
    found = caching.content(value)
    if found is not None:
        return found
    if isinstance(value, Mapping):
        return _several([*value.keys(), *value.values()], known)
    if isinstance(value, (list, tuple)):
        return _several(value, known)
    call = known.call(value)
    return f"of {call}" if call else None


def _several(values: Sequence[object], known: Known) -> str | None:
    found = [_one(each, known) for each in values]
    if any(each is None for each in found):
        return None
    return f"[{','.join(map(str, found))}]"
