"""How events are written down: JSON, one object an event, its type beside it in the log.

A stored event is never changed, so decoding is total over every version that was ever written: fields may be added
with a default and are never removed or given another meaning; where a meaning must change, the event gets a new
version and an upcast here.
"""

from __future__ import annotations

import hashlib
from typing import cast

import msgspec

from weft.model import errors, events

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(events.AnyEvent)


def encode(event: events.Event) -> bytes:
    """Write an event down; UnicodeEncodeError where a text in it is none (see `cleaned`)."""
    return _encoder.encode(event)


def cleaned(event: events.Event) -> events.Event:
    """The event with lone surrogates, as in the name of a file that isn't UTF-8, written out as what they are."""
    return cast("events.Event", _clean(event))


def _clean(value: object) -> object:
    match value:
        case str():
            return value.encode(errors="backslashreplace").decode()
        case dict():
            return {_clean(key): _clean(each) for key, each in value.items()}
        case tuple():
            return tuple(_clean(each) for each in value)
        case msgspec.Struct():
            fields = {name: _clean(getattr(value, name)) for name in value.__struct_fields__}
            return msgspec.structs.replace(value, **fields)
    return value


def decode(body: bytes | str, position: int | None = None) -> events.Event:
    """Read an event back, the one at `position` of the log.

    Raises:
        LedgerError: the bytes are no event that this weft knows; nothing is silently folded.
    """
    try:
        event: events.Event = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError) as error:
        which = "an event" if position is None else f"an event, number {position},"
        raise errors.LedgerError(
            f"The ledger holds {which} that cannot be read ({error}): {body[:80]!r}…",
            remedy="It was written by a newer weft, or the file is damaged; `weft ledger verify` tells which events.",
        ) from error
    return event


def token(data_version: str) -> int:
    """A 64-bit stand-in for a data version, never 0, for comparing many at once.

    Two that differ collide once in 2^64.
    """
    return int.from_bytes(hashlib.blake2b(data_version.encode(), digest_size=8).digest(), "little") or 1
