"""Names of files for assets, partitions and attempts: different keys never share a name, and no key leaves the root.

    <asset segments>/@<partition>/<attempt>.<suffix>

A segment keeps lower-case letters, digits, `_`, `-` and inner dots, and shows other characters as `%` and the hex of
their UTF-8 bytes. Upper-case letters stay, and a mark `~<hex>` tells which they are, so that names stay apart on file
systems that ignore case. Long segments are cut and end in `~~` and a 128 bit digest. Only partition folders begin with
`@`, and files lie only in them (`@` alone: no partition), so an asset's folder never meets another asset's file.
"""

from __future__ import annotations

import functools
import hashlib

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
_EMPTY = "%"
_LONGEST_SEGMENT = 160
_KEPT_OF_LONG = 60
_LONGEST_PATH = 1500


@functools.lru_cache(maxsize=4096)
def escape(text: str) -> str:
    """Return a file name for any text: injective, at most 160 ASCII characters, never `.`, `..` or empty."""
    if not text:
        return _EMPTY
    raw = text.encode("utf-8", "surrogatepass")
    last = len(raw) - 1
    out: list[str] = []
    upper = 0
    for position, byte in enumerate(raw):
        if byte not in _PLAIN or (byte == 0x2E and position in (0, last)):
            out.append(f"%{byte:02x}")
            continue
        if 0x41 <= byte <= 0x5A:
            upper |= 1 << position
        out.append(chr(byte))
    name = "".join(out)
    if upper:
        name = f"{name}~{upper:x}"
    if len(name) > _LONGEST_SEGMENT:
        kept = name[:_KEPT_OF_LONG].lower().rstrip("%.")
        return f"{kept}~~{hashlib.blake2b(raw, digest_size=16).hexdigest()}"
    return name


def asset_folder(asset: str) -> str:
    """Return the relative folder of an asset, one segment for each part of its key."""
    folder = "/".join(escape(part) for part in asset.split("/"))
    if len(folder) > _LONGEST_PATH:
        return f"~~{hashlib.blake2b(asset.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"
    return folder


@functools.lru_cache(maxsize=4096)
def version_folder(asset: str, partition: str | None) -> str:
    """Return the relative folder that holds the versions of one partition (or of the asset, where it has none)."""
    return f"{asset_folder(asset)}/@" if partition is None else f"{asset_folder(asset)}/@{escape(partition)}"


def version_file(asset: str, partition: str | None, attempt: str, suffix: str) -> str:
    """Return the relative path of one version; `suffix` is `.parquet` and the like."""
    return f"{version_folder(asset, partition)}/{escape(attempt)}{suffix}"
