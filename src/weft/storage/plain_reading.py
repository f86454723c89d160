"""Reading stored values where nothing that they name may be loaded, and no path may lead out of the storage.

A server does so: what the ledger says of a value was written by users' code.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from weft.model import errors
from weft.model.stored import StoredValue
from weft.storage import integrity, json_values, tables, typed

MEDIA_TYPES = {
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "bytes": "application/octet-stream",
    "parquet": "application/vnd.apache.parquet",
    "npy": "application/octet-stream",
    "file": "application/octet-stream",
}
"""Formats whose bytes are handed out as they are; a pickle runs code where it is read, and is not among them."""
_MOST_DECODED = 8 << 20
"""JSON up to so many bytes is laid out in lines; of longer one the beginning is shown as it is kept."""
_ROWS = 100
_PIECE = 1 << 20


class PlainStorage(typed.TypedStorage):
    """Reads text, bytes and JSON of the default storage; records come as dicts of their fields."""

    def read(self, stored: StoredValue, as_type: object | None = None) -> object:
        """Return the value.

        Raises:
            StorageError: it is of another format, is not below the root, or is gone or damaged.
        """
        self._check_place(stored)
        match stored.format:
            case "json":
                return json_values.decode_plain(self._bytes_of(stored))
            case "text":
                return self._bytes_of(stored).decode("utf-8", "replace")
            case "bytes":
                return self._bytes_of(stored)
        raise errors.StorageError(
            f"A value that is kept as {stored.format} is not read here.", remedy="Read it where the project's code is."
        )

    def beginning(self, stored: StoredValue, most: int) -> tuple[str, bool] | None:
        """The first `most` bytes of a value as text, and whether that is all of it; None for what has no text.

        JSON is laid out in lines, of a table the first rows are told, a row a line.

        Raises:
            StorageError: it is not below the root, or is gone or damaged.
        """
        self._check_place(stored)
        match stored.format:
            case "json" if (stored.size or 0) <= _MOST_DECODED:
                value = json_values.decode_plain(self._bytes_of(stored))
                return _cut(msgspec.json.format(msgspec.json.encode(json_values.as_json(value)), indent=2), most)
            case "json" | "text":
                return _cut(self._first(stored, most + 1), most)
            case "parquet":
                return self._rows(stored, most)
        return None

    def pieces(self, stored: StoredValue) -> Iterator[bytes]:
        """All bytes of a value, as they are kept.

        Raises:
            StorageError: it is of another format than `MEDIA_TYPES` has, is not below the root, or is gone.
        """
        if not is_handed_out(stored):
            kind = "a folder" if stored.format == "file" else stored.format
            raise errors.StorageError(
                f"A value that is kept as {kind} is not handed out.",
                remedy="Read it where the project's code is.",
            )
        self._check_place(stored)
        opened = contextlib.ExitStack()
        file = self._open(stored, opened)  # before the first piece, so that what is wrong is told at once

        def read() -> Iterator[bytes]:
            with opened:
                while piece := file.read(_PIECE):
                    yield piece

        return read()

    def _first(self, stored: StoredValue, most: int) -> bytes:
        with contextlib.ExitStack() as opened:
            found: bytes = self._open(stored, opened).read(most)
        return found

    def _open(self, stored: StoredValue, opened: contextlib.ExitStack) -> Any:
        if stored.inline is not None:
            return opened.enter_context(io.BytesIO(stored.inline))
        if stored.uri is None:
            raise errors.StorageError("The value names no place.", remedy="Make the version again.")
        integrity.check_size(stored, self._files.size(stored.uri))
        place = opened.enter_context(self._files.opened(stored.uri))
        if not isinstance(place, str):
            return place
        return opened.enter_context(Path(place).open("rb"))

    def _rows(self, stored: StoredValue, most: int) -> tuple[str, bool] | None:
        try:
            tables.require_pyarrow("Reading a table")
        except errors.MissingExtraError:
            return None
        import pyarrow.parquet

        with contextlib.ExitStack() as opened:
            file = pyarrow.parquet.ParquetFile(self._open(stored, opened))
            total = file.metadata.num_rows
            batch = next(file.iter_batches(batch_size=_ROWS), None)
            rows = batch.to_pylist() if batch is not None else []
        text, whole = _cut(b"\n".join(msgspec.json.encode(json_values.as_json(row)) for row in rows), most)
        return text, whole and len(rows) == total

    def _check_place(self, stored: StoredValue) -> None:
        if stored.inline is not None or stored.uri is None:
            return
        parts = PurePosixPath(stored.uri).parts
        is_within = bool(parts) and not stored.uri.startswith("/") and ".." not in parts and "://" not in stored.uri
        if is_within and "://" not in str(self.root):
            root = Path(self.root).resolve()
            is_within = (root / stored.uri).resolve() == root / stored.uri  # with no symbolic link on the way
        if not is_within:
            raise errors.StorageError(
                "A stored value is not where the storage keeps values.", remedy="Make the version again."
            )


def is_handed_out(stored: StoredValue) -> bool:
    """Whether a value's bytes are given to who asks: of a format that runs no code, and not a folder."""
    return stored.format in MEDIA_TYPES and not (stored.uri or "").endswith(".dir")


def _cut(content: bytes, most: int) -> tuple[str, bool]:
    if len(content) <= most:
        return content.decode("utf-8", "replace"), True
    return content[:most].decode("utf-8", "ignore"), False
