"""`transfer`: files from any URL that fsspec reads to any that it writes, checked, and never half there.

A file is written under another name beside its destination and moved into place once its size (and its hash, where
asked for) is right; an object store shows an object only once it is whole, so there it is written directly.
"""

from __future__ import annotations

import contextlib
import hashlib
import posixpath
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from weft.connections import adapting, registry
from weft.model import errors
from weft.operators import defining

Existing = Literal["overwrite", "skip", "fail", "changed"]
_CHUNK = 8 * 1024 * 1024
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "az", "abfss", "memory"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One end: a filesystem, the path in it, and how the user wrote it."""

    filesystem: Any
    path: str
    protocol: str
    url: str

    @property
    def is_folder(self) -> bool:
        """Whether it was written with `/` at its end."""
        return self.url.endswith("/")

    def shown(self, path: str) -> str:
        """A path in it as people write it."""
        if self.protocol == "file":
            return path
        return f"{self.protocol}://{self._server()}{path.lstrip('/')}"

    def _server(self) -> str:
        """What stands before the path in URLs whose filesystem needs it there."""
        if self.protocol != "sftp":
            return ""
        who, port = self.filesystem.ssh_kwargs.get("username"), self.filesystem.ssh_kwargs.get("port", 22)
        return (f"{who}@" if who else "") + str(self.filesystem.host) + (f":{port}" if port != 22 else "") + "/"


@defining.operator("transfer", templates=("source", "destination"))
def transfer(
    source: str,
    destination: str,
    *,
    connection: str | None = None,
    source_connection: str | None = None,
    destination_connection: str | None = None,
    existing: Existing = "overwrite",
    check: Literal["size", "hash", "none"] = "size",
    move: bool = False,
    empty: Literal["fail", "skip", "ok"] = "fail",
) -> dict[str, Any]:
    """Copy a file, a folder, or the files of a pattern.

    Args:
        source: a URL or path: a file; a folder, with `/` at its end, of which all files are copied; or a pattern with
            `*`, `?`, `**`.
        destination: a URL or path; with `/` at its end a folder, which keeps the names (below the folder, or below
            what the pattern names as it stands).
        connection: the name of a connection for both sides, as far as they are of its kind.
        source_connection: one for the source alone.
        destination_connection: one for the destination alone.
        existing: what becomes of files that are there: "overwrite" them, "skip" them, "fail", or overwrite those of
            another size ("changed").
        check: whether what was written is read again and compared ("hash"), or its size asked for.
        move: whether the source's files are removed once all are there; those that were skipped stay, unless they are
            the same ("changed").
        empty: what it means that there are no files: a failure, a skip of the task, or nothing.

    Returns:
        `files` (the URLs that were written), `skipped` (how many were not), `bytes` and `destination`.

    Raises:
        FileNotFoundError: there is nothing at the source.
        FileExistsError: a file is there, and `existing` is "fail"; nothing has been copied.
        TransferError: what was written is not what was read.
        UsageError: an argument is wrong, a file would be copied onto itself, or a name leads out of the destination.
        MissingExtraError: a library for the URL is not installed.
    """
    _check_words(existing, check, empty)
    start = side(source, source_connection or connection, "source", explicit=source_connection is not None)
    end = side(
        destination, destination_connection or connection, "destination", explicit=destination_connection is not None
    )
    pairs = list(_pairs(start, end))
    if not pairs and _nothing(source, empty):
        return {"files": [], "skipped": 0, "bytes": 0, "destination": destination}
    _check_pairs(start, end, pairs)
    present = {to: _size(end, to) for _, to in pairs} if existing != "overwrite" else {}
    if existing == "fail" and (there := [to for to, size in present.items() if size is not None]):
        raise FileExistsError(f"{end.shown(there[0])} is there already ({len(there)} of {len(pairs)} files are).")
    written: list[str] = []
    kept: list[str] = []
    total = 0
    for from_path, to_path in pairs:
        known = present.get(to_path)
        if known is not None and (existing == "skip" or known == _size(start, from_path)):
            kept += [from_path] if existing == "skip" else []
            continue
        total += _copy(start, from_path, end, to_path, check)
        written.append(end.shown(to_path))
        defining.say(f"{start.shown(from_path)} → {end.shown(to_path)}")
    if move:
        for from_path in sorted({each for each, _ in pairs} - set(kept)):
            start.filesystem.rm_file(from_path)
    defining.record({"files": len(written), "bytes": total, "source": source})
    return {"files": written, "skipped": len(pairs) - len(written), "bytes": total, "destination": destination}


class TransferError(Exception):
    """What was written is not what was read; it has been removed again."""


def _check_words(existing: str, check: str, empty: str) -> None:
    for name, value, known in (
        ("existing", existing, ("overwrite", "skip", "fail", "changed")),
        ("check", check, ("size", "hash", "none")),
        ("empty", empty, ("fail", "skip", "ok")),
    ):
        if value not in known:
            raise errors.UsageError(f"transfer: {name} is {value!r}.", remedy=f"Write one of: {', '.join(known)}.")


def _nothing(source: str, empty: str) -> bool:
    if empty == "ok":
        return True
    if empty == "skip":
        from weft.define import signals

        raise signals.Skip(f"there is nothing at {source}")
    raise FileNotFoundError(f"There is nothing at {source}.")


def side(url: str, connection: str | None, what: str, *, explicit: bool) -> Side:
    """One end of a transfer, with the options of a connection where that is of its kind.

    Raises:
        UsageError: the URL is none, or `explicit` asks for the connection and it is of another kind.
        MissingExtraError: a library for the URL is not installed.
    """
    if not isinstance(url, str) or not url.strip():
        raise errors.UsageError(
            f"transfer: the {what} is {url!r}.", remedy='Write a URL such as "s3://bucket/folder/".'
        )
    protocol = url.partition("://")[0] if "://" in url else "file"
    options: Mapping[str, Any] = {}
    if connection is not None:
        found = registry.get(connection)
        own, given = adapting.storage_options(found)
        if protocol in (own, *found.kind.schemes, found.type):
            options = given
        elif explicit:
            raise errors.UsageError(
                f"transfer: the connection {connection!r} is of the kind {found.type!r}, but the {what} is {url!r}.",
                remedy=f"Write a URL {own}://…, or use another connection.",
            )
    given = adapting.url_options(protocol, url)
    for name in ("host", "username"):
        if name in given and name in options and given[name] != options[name]:
            raise errors.UsageError(
                f"transfer: the {what} {url!r} is of another {name} than the connection {connection!r}.",
                remedy=f"Write {protocol}:///path, or use no connection.",
            )
    filesystem = adapting.filesystem_of(protocol, {**given, **options})
    filesystem.invalidate_cache()  # fsspec keeps it, and what it listed, for as long as this process lives
    path = str(filesystem._strip_protocol(url))
    return Side(filesystem=filesystem, path=path, protocol=protocol, url=url)


def _pairs(start: Side, end: Side) -> Iterator[tuple[str, str]]:
    """The files to copy, each with where it goes."""
    magic = any(sign in start.path for sign in "*?[")
    if magic:
        fixed = start.path[: min(start.path.index(sign) for sign in "*?[" if sign in start.path)]
        base = fixed.rpartition("/")[0]
        found = sorted(start.filesystem.glob(start.path, detail=True).items())
        files = [path for path, facts in found if facts["type"] == "file"]
    elif start.is_folder or start.filesystem.isdir(start.path):
        base = start.path.rstrip("/")
        files = sorted(start.filesystem.find(base)) if start.filesystem.exists(base) else []
    else:
        if start.filesystem.exists(start.path):
            to = posixpath.join(end.path, posixpath.basename(start.path)) if end.is_folder else end.path
            yield start.path, to
        return
    if files and not end.is_folder and magic:
        raise errors.UsageError(
            f"transfer: the pattern {start.url!r} may be several files, but {end.url!r} is no folder.",
            remedy="Put / at its end.",
        )
    for path in files:
        if path.endswith("/"):  # how consoles of object stores mark an empty folder
            continue
        yield path, posixpath.join(end.path, path[len(base) :].lstrip("/"))


def _check_pairs(start: Side, end: Side, pairs: list[tuple[str, str]]) -> None:
    same = start.filesystem is end.filesystem or (
        start.protocol == end.protocol == "sftp" and _server(start) == _server(end)
    )
    for from_path, to_path in pairs:
        if same and posixpath.normpath(from_path) == posixpath.normpath(to_path):
            raise errors.UsageError(
                f"transfer: {start.shown(from_path)} would be copied onto itself.", remedy="Write another destination."
            )
        if end.is_folder and not posixpath.normpath(to_path).startswith(posixpath.normpath(end.path).rstrip("/") + "/"):
            raise errors.UsageError(
                f"transfer: the name {from_path!r} leads out of {end.url!r}.", remedy="Rename it, or copy it by itself."
            )


def _server(side: Side) -> tuple[object, ...]:
    return side.filesystem.host, side.filesystem.ssh_kwargs.get("port", 22)


def _size(side: Side, path: str) -> int | None:
    try:
        found = side.filesystem.info(path)
    except FileNotFoundError:
        return None
    return int(found["size"]) if found.get("type") == "file" and found.get("size") is not None else None


def _copy(start: Side, from_path: str, end: Side, to_path: str, check: str) -> int:
    """Copy one file and return its size in bytes."""
    direct = end.protocol in _OBJECT_STORES
    place = (
        to_path
        if direct
        else posixpath.join(posixpath.dirname(to_path), f".{posixpath.basename(to_path)}.{uuid.uuid4().hex[:8]}.part")
    )
    if not direct:
        end.filesystem.makedirs(posixpath.dirname(to_path) or ".", exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        with start.filesystem.open(from_path, "rb") as reader, _writing(end, place, direct) as writer:
            while chunk := reader.read(_CHUNK):
                writer.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        end.filesystem.invalidate_cache(posixpath.dirname(place))
        _compare(start, from_path, end, place, size, digest.hexdigest(), check)
    except BaseException as error:
        if direct and isinstance(error, TransferError):
            end.filesystem.rm_file(place)
        if not direct and end.filesystem.exists(place):
            end.filesystem.rm_file(place)
        raise
    if not direct:
        _into_place(end, place, to_path)
    return size


@contextlib.contextmanager
def _writing(end: Side, place: str, direct: bool) -> Iterator[Any]:
    """A file to write. Closing one of an object store makes the object: after a failure it is thrown away."""
    writer = end.filesystem.open(place, "wb")
    try:
        yield writer
    except BaseException:
        if direct and hasattr(writer, "discard"):
            with contextlib.suppress(Exception):  # the failure itself is what matters
                writer.discard()
            writer.closed = True
        else:
            writer.close()
        raise
    writer.close()


def _compare(start: Side, from_path: str, end: Side, place: str, size: int, digest: str, check: str) -> None:
    if check == "none":
        return
    there = _size(end, place)
    if there != size:
        raise TransferError(f"{start.shown(from_path)} has {size} bytes, but {there} were written.")
    if check == "hash":
        found = hashlib.sha256()
        with end.filesystem.open(place, "rb") as reader:
            while chunk := reader.read(_CHUNK):
                found.update(chunk)
        if found.hexdigest() != digest:
            raise TransferError(
                f"{start.shown(from_path)} was read as {digest[:12]}, but written as {found.hexdigest()[:12]}."
            )


def _into_place(end: Side, place: str, to_path: str) -> None:
    if end.protocol in ("file", "local"):
        import os

        os.replace(place, to_path)  # noqa: PTH105 - paths are text here, of any filesystem
        return
    if end.protocol == "sftp":
        end.filesystem.ftp.posix_rename(place, to_path)
        return
    if end.filesystem.exists(to_path):
        end.filesystem.rm_file(to_path)
    end.filesystem.mv(place, to_path)
