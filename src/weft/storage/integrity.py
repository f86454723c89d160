"""Holding what is read against what was written: its size always, its hash where that is of the very bytes."""

from __future__ import annotations

import hashlib
from typing import NoReturn

from weft.model import errors
from weft.model.stored import StoredValue
from weft.storage import hashing

_OF_THE_BYTES = frozenset({"b1", "s1", "p1"})
"""Algorithms of data versions that hash what lies in the file, byte by byte."""


def check_size(stored: StoredValue, found: int) -> None:
    """Raise StorageError unless a version has as many bytes as were written; one whose size is unknown passes."""
    if stored.size is not None and found != stored.size:
        raise_damaged(stored, f"it has {found:,} bytes, but {stored.size:,} were written")


def check_bytes(stored: StoredValue, content: bytes) -> None:
    """Raise StorageError unless the bytes are those that were written, as far as the version tells."""
    check_size(stored, len(content))
    algorithm, _, digest = stored.data_version.partition(":")
    if algorithm in _OF_THE_BYTES:
        check_digest(stored, digest, hashlib.blake2b(content, digest_size=hashing.DIGEST_BYTES).hexdigest())


def check_digest(stored: StoredValue, written: str, found: str) -> None:
    """Raise StorageError unless the digests are equal."""
    if written != found:
        raise_damaged(stored, f"its content is not what was written as {stored.data_version}")


def raise_damaged(stored: StoredValue, how: str) -> NoReturn:
    """Say in a StorageError that a version is damaged, and how."""
    raise errors.StorageError(
        f"The stored version {stored.uri} is damaged: {how}.",
        remedy="Make the partition again, or roll back to another version.",
    )
