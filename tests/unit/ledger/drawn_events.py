"""Strategies for events of every type, read off their fields, so that a new one is drawn without being named here."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal

import msgspec
from hypothesis import strategies as st

from weft.model import events

TYPES: tuple[type[events.Event], ...] = typing.get_args(events.AnyEvent)
RAW = st.sampled_from([b"1", b'{"a":[1,2.5,null]}', b'"text"', b"[]"]).map(msgspec.Raw)
FREE = {str: st.text(max_size=20), int: st.integers(-(2**63), 2**64 - 1)}
NARROW = {str: st.sampled_from(["", "a", "p:b"]), int: st.integers(0, 5)}


def of(kind: Any, leaves: dict[type, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """A strategy for a type as events use them."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind in leaves:
        return leaves[kind]
    if kind is bool:
        return st.booleans()
    if kind is bytes:
        return st.binary(max_size=20)
    if kind is type(None):
        return st.none()
    if kind is msgspec.Raw:
        return RAW
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (types.UnionType, typing.Union):
        return st.one_of([of(each, leaves) for each in arguments])
    if origin is tuple:
        return st.lists(of(arguments[0], leaves), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(of(arguments[0], leaves), of(arguments[1], leaves), max_size=2)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.builds(kind, **{each.name: of(each.type, leaves) for each in msgspec.structs.fields(kind)})
    raise NotImplementedError(f"say here how a {kind} is drawn")


def _paired(event: events.Event) -> events.Event:
    """With a version for each partition, as retention writes it."""
    if not isinstance(event, events.VersionsRemoved):
        return event
    count = min(len(event.partitions), len(event.versions))
    return msgspec.structs.replace(event, partitions=event.partitions[:count], versions=event.versions[:count])


BY_TYPE = {kind: of(kind, FREE) for kind in TYPES}
COLLIDING = st.one_of([of(kind, NARROW) for kind in TYPES]).map(_paired)
