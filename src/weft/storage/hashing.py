"""Data versions: `<algorithm>:<hex>`, where equal content under one algorithm has an equal version.

Algorithms, each 128 bits of BLAKE2b over a canonical form:

    j1  JSON values (see `json_values`)          t1  tables (see `table_hashing`)
    s1  text, as UTF-8                           f1  files and folders
    b1  bytes                                    n1  numpy arrays
    u1  unique: says nothing of the content      v1  chosen by the user

A change of a canonical form needs a new algorithm's name, so that it is never taken for a change of content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

DIGEST_BYTES = 16
BLOCK_BYTES = 1 << 20


def version(algorithm: str, content: bytes | memoryview) -> str:
    """Return the data version of `content`, which is in the algorithm's canonical form already."""
    return f"{algorithm}:{hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest()}"


def new_file_digest() -> hashlib.blake2b:
    """Return the running digest of one file's content (algorithm f1)."""
    return hashlib.blake2b(digest_size=DIGEST_BYTES, person=b"file")


def folder_version(entries: Iterable[tuple[str, str | None]]) -> str:
    """Return the data version of a folder.

    Args:
        entries: each relative path (with `/`) and the hex digest of the file there, or None for a folder.
    """
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES, person=b"folder")
    for name, content in sorted(entries):
        encoded = name.encode("utf-8", "surrogateescape")
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
        digest.update(b"folder" if content is None else bytes.fromhex(content))
    return f"f1:{digest.hexdigest()}"
