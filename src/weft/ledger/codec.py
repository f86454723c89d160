"""How events are written down: JSON, one object an event, its type beside it in the log.

A stored event is never changed, so decoding is total over every version that was ever written: fields may be added
with a default and are never removed or given another meaning; where a meaning must change, the event gets a new
version and an upcast here.
"""

from __future__ import annotations

import hashlib

import msgspec

from weft.model import errors, events

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(events.AnyEvent)


def encode(event: events.Event) -> bytes:
    """Write an event down."""
    return _encoder.encode(event)


def decode(body: bytes | str) -> events.Event:
    """Read an event back; raises LedgerError for bytes that are no event, so that nothing is silently folded."""
    try:
        event: events.Event = _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise errors.LedgerError(
            f"The ledger holds an event that cannot be read ({error}): {bytes(body[:80])!r}…"
            if isinstance(body, bytes)
            else f"The ledger holds an event that cannot be read ({error}).",
            remedy="It was written by a newer weft, or the file is damaged; `weft ledger verify` tells which events.",
        ) from error
    return event


def token(data_version: str) -> int:
    """A 64-bit stand-in for a data version, never 0, for comparing many at once.

    Two that differ collide once in 2^64.
    """
    return int.from_bytes(hashlib.blake2b(data_version.encode(), digest_size=8).digest(), "little") or 1
