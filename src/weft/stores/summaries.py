"""Summaries: the columns of a large asset as bytes, so that planning reads only the rows that changed since.

A summary stands beside the hash of the partition definition and the position up to which it holds. It is a cache:
dropped when the definition changes, and rebuilt from rows.
"""

from __future__ import annotations

import hashlib
from array import array

import msgspec

from weft.model import columns as columns_model
from weft.model import partitions


class _Summary(msgspec.Struct, array_like=True):
    """The columns of an asset as bytes."""

    tokens: bytes
    versions: bytes
    codes: bytes
    made_at: bytes
    made_by: bytes
    inputs: dict[str, bytes]
    code_names: list[str]
    run_names: list[str]
    failed: dict[int, tuple[str, str, int, int, str]]
    rejected: dict[int, tuple[int, str, dict[str, int]]]
    accepted: dict[int, str]
    first_tokens: dict[int, int]
    confirmed_at: int
    orphaned: list[str]


_summary_encoder = msgspec.msgpack.Encoder()
_summary_decoder = msgspec.msgpack.Decoder(_Summary)


def mark_of(definition: partitions.Partitions) -> str:
    """What a summary depends on besides rows: which ordinal each key has, for dynamic partitions the keys themselves.

    Adding a key, or removing one, moves rows between the columns and the orphans although no row changes.
    """
    parts = definition.dimensions if isinstance(definition, partitions.MultiPartitions) else (("", definition),)
    keys = [
        (each.added.keys, sorted(each.added.removed))
        for _, each in parts
        if isinstance(each, partitions.DynamicPartitions) and each.added is not None
    ]
    if not keys:
        return definition.fingerprint
    return f"{definition.fingerprint}:{hashlib.blake2b(msgspec.json.encode(keys), digest_size=8).hexdigest()}"


def encode(known: columns_model.Columns) -> bytes:
    """Write columns down."""
    return _summary_encoder.encode(
        _Summary(
            tokens=known.tokens.tobytes(),
            versions=known.versions.tobytes(),
            codes=known.codes.tobytes(),
            made_at=known.made_at.tobytes(),
            made_by=known.made_by.tobytes(),
            inputs={asset: column.tobytes() for asset, column in known.inputs.items()},
            code_names=known.code_names,
            run_names=known.run_names,
            failed={o: (f.outcome, f.run, f.at, f.attempts, f.error) for o, f in known.failed.items()},
            rejected={o: (r.version, r.code, dict(r.inputs)) for o, r in known.rejected.items()},
            accepted=known.accepted,
            first_tokens=known.first_tokens,
            confirmed_at=known.confirmed_at,
            orphaned=known.orphaned,
        )
    )


def decode(body: bytes) -> columns_model.Columns:
    """Read columns back."""
    summary = _summary_decoder.decode(body)
    known = columns_model.Columns(0)
    for column, content in (
        (known.tokens, summary.tokens), (known.versions, summary.versions), (known.codes, summary.codes),
        (known.made_at, summary.made_at), (known.made_by, summary.made_by),
    ):  # fmt: skip
        column.frombytes(content)
    for asset, content in summary.inputs.items():
        known.inputs[asset] = array("Q", content)
    known.restore_names(summary.code_names, summary.run_names)
    failure, rejection = columns_model.Failure, columns_model.Rejection
    known.failed = {
        o: failure(outcome=f[0], run=f[1], at=f[2], attempts=f[3], error=f[4]) for o, f in summary.failed.items()
    }
    known.rejected = {o: rejection(version=r[0], code=r[1], inputs=r[2]) for o, r in summary.rejected.items()}
    known.accepted = summary.accepted
    known.first_tokens = summary.first_tokens
    known.confirmed_at = summary.confirmed_at
    known.orphaned = summary.orphaned
    return known
