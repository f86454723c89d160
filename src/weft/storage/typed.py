"""The default IO manager: the value's type says how it is stored.

    polars, pandas and Arrow tables → Parquet      str → text      bytes → bytes      numpy arrays → .npy
    numbers, lists, dicts, dates, dataclasses, pydantic models, msgspec structs … → JSON
    pathlib.Path → the file or folder itself       None → nothing, under a unique version

Small text, JSON and bytes travel in the ledger (`StoredValue.inline`); the rest lies under the root, one file for each
version.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from weft.model import errors
from weft.model.stored import StoredValue
from weft.storage import codecs, conversions, hashing, integrity, json_values, local_files, places, protocol, tables

INLINE_LIMIT = 32 * 1024
_SUFFIXES = {"json": ".json", "text": ".txt", "bytes": ".bin"}
_ALGORITHMS = {"json": "j1", "text": "s1", "bytes": "b1"}
_REMEDY = (
    "Storable are polars, pandas and Arrow tables, numpy arrays, text, bytes, paths of files, None, and numbers, "
    "dates, lists, dicts, dataclasses, pydantic models and msgspec structs of such. For other types return one of "
    "these, pass an IO manager (`io=` of the asset; subclass weft.storage.IOManager), or opt in to PickleStorage."
)


class TypedStorage(protocol.IOManager):
    """Stores a value by its type under a folder of the local disk or any fsspec URL."""

    name = "default"

    def __init__(
        self,
        root: str | Path,
        inline_limit: int = INLINE_LIMIT,
        *,
        options: dict[str, object] | None = None,
        durable: bool = True,
    ) -> None:
        """Keep the root; nothing is touched before the first write.

        Args:
            root: a folder, or a URL that fsspec knows (`s3://bucket/prefix`; needs `pip install 'weft[remote]'`).
            inline_limit: the size in bytes up to which encoded text, JSON and bytes travel in the ledger.
            options: what fsspec is to be given for the URL (`{"anon": True}`); for a folder it must be empty.
            durable: whether a file is synchronised to the disk before its version exists (local folders only).
        """
        self.root = root
        self.inline_limit = inline_limit
        self._files = _open_files(root, options or {}, durable)

    def write(self, value: object, target: protocol.WriteTarget) -> StoredValue:
        """Store a value by its type.

        Raises:
            StorageError: the type cannot be stored, or the storage refuses; nothing is left behind.
            MissingExtraError: a package is needed that is not installed.
        """
        cls = type(value)
        match codecs.format_of(cls):
            case "json":
                try:
                    encoded, canonical = json_values.encode(value)
                except json_values.Unencodable as problem:
                    raise errors.StorageError(codecs.describe_unstorable(problem), remedy=_REMEDY) from None
                return self._write_bytes("json", encoded, canonical, cls, target)
            case "text":
                try:
                    encoded = value.encode()  # type: ignore[attr-defined]
                except UnicodeEncodeError as error:
                    raise errors.StorageError(
                        f"A text cannot be stored: it holds half of a surrogate pair at position {error.start}.",
                        remedy="Decode the input with errors='replace', or return bytes.",
                    ) from None
                return self._write_bytes("text", encoded, encoded, cls, target)
            case "bytes":
                encoded = bytes(value)  # type: ignore[call-overload]
                return self._write_bytes("bytes", encoded, encoded, cls, target)
            case "none":
                version = target.given_version() or target.unique_version()
                return StoredValue(format="none", data_version=version, type="None", io=target.io)
            case "table":
                return self._write_table(value, cls, target)
            case "path":
                return self._write_path(Path(value), target)  # type: ignore[arg-type]
            case "array":
                return self._write_array(value, target)

    def read(self, stored: StoredValue, as_type: object | None = None) -> object:
        """Return a value as its reader's annotation asks, where that can be done, else as it was written.

        Raises:
            StorageError: the version is gone or damaged: it has not the size, or not the hash, that was recorded.
        """
        match stored.format:
            case "json":
                natural = json_values.decode(self._bytes_of(stored), need_classes=as_type in conversions.ANYTHING)
                return conversions.convert(natural, as_type)
            case "text":
                return conversions.convert(self._bytes_of(stored).decode(), as_type)
            case "bytes":
                found = self._bytes_of(stored)
                return conversions.convert(bytearray(found) if stored.type == "bytearray" else found, as_type)
            case "none":
                return None
            case "parquet":
                return self._read_table(stored, conversions.table_kind(as_type) or stored.type or "pyarrow.Table")
            case "file":
                path = self._files.local_path(_uri(stored))
                if path.is_file():
                    integrity.check_size(stored, path.stat().st_size)
                return path
            case "npy":
                return self._read_array(stored)
        raise errors.StorageError(
            f"The format {stored.format!r} of a stored value is not one that {type(self).__name__} reads.",
            remedy=f"Register the IO manager that wrote it ({stored.io!r}).",
        )

    def remove(self, stored: StoredValue) -> None:
        """Remove the version's file; what travels in the ledger has none, and what is gone is no error."""
        if stored.uri is not None:
            self._files.remove(stored.uri)

    def exists(self, stored: StoredValue) -> bool:
        """Tell whether the version can be read."""
        return stored.uri is None or self._files.exists(stored.uri)

    def _bytes_of(self, stored: StoredValue) -> bytes:
        if stored.inline is not None:
            return stored.inline
        content: bytes = self._files.read(_uri(stored))
        integrity.check_bytes(stored, content)
        return content

    def _write_bytes(
        self, codec: str, encoded: bytes, canonical: bytes, cls: type, target: protocol.WriteTarget
    ) -> StoredValue:
        if target.unhashed_version is None:
            digest = hashlib.blake2b(canonical, digest_size=hashing.DIGEST_BYTES).hexdigest()
            version = f"{_ALGORITHMS[codec]}:{digest}"
        else:
            version = f"{protocol.GIVEN_ALGORITHM}:{target.unhashed_version}"
        size = len(encoded)
        kind = codecs.type_name(cls)
        if size <= self.inline_limit:
            return StoredValue(format=codec, data_version=version, inline=encoded, size=size, type=kind, io=target.io)
        uri = target.file(_SUFFIXES[codec])
        self._files.write(uri, lambda file: file.write(encoded))
        return StoredValue(format=codec, data_version=version, uri=uri, size=size, type=kind, io=target.io)

    def _write_table(self, value: object, cls: type, target: protocol.WriteTarget) -> StoredValue:
        from weft.storage import table_hashing

        kind = tables.kind_of(cls)
        assert kind is not None
        table = tables.to_arrow(value, kind)
        version = target.given_version() or table_hashing.version(table)
        uri = target.file(".parquet")
        size = self._files.write(uri, lambda file: _write_parquet(table, file))
        return StoredValue(
            format="parquet",
            data_version=version,
            uri=uri,
            size=size,
            type=kind,
            io=target.io,
            metadata={
                "rows": msgspec.Raw(msgspec.json.encode(table.num_rows)),
                "columns": msgspec.Raw(msgspec.json.encode({field.name: str(field.type) for field in table.schema})),
            },
        )

    def _read_table(self, stored: StoredValue, kind: str) -> Any:
        uri = _uri(stored)
        integrity.check_size(stored, self._files.size(uri))
        if kind == "polars.LazyFrame" and isinstance(self._files, local_files.LocalFiles):
            import polars

            return polars.scan_parquet(self._files.local_path(uri), glob=False)
        tables.require_pyarrow("Reading a table")
        import pyarrow.parquet

        with self._files.opened(uri) as path:
            table = pyarrow.parquet.ParquetFile(path).read()
        return tables.from_arrow(table, kind)

    def _write_path(self, source: Path, target: protocol.WriteTarget) -> StoredValue:
        try:
            if source.is_dir():
                uri = target.file(".dir")
                version, size = self._files.copy_folder(source, uri)
            elif source.exists():
                uri = target.file(_path_suffix(source))
                digest, size = self._files.copy_file(source, uri)
                version = f"f1:{digest}"
            else:
                raise errors.StorageError(
                    f"The path {source} was returned, but nothing is there.",
                    remedy="Write the file before you return its path; relative paths start at the working directory.",
                )
        except OSError as error:
            local_files.raise_storage_error(error, "read", str(source))
        return StoredValue(
            format="file",
            data_version=target.given_version() or version,
            uri=uri,
            size=size,
            type="pathlib.Path",
            io=target.io,
            metadata={"name": msgspec.Raw(msgspec.json.encode(source.name))},
        )

    def _write_array(self, value: Any, target: protocol.WriteTarget) -> StoredValue:
        import numpy

        if value.dtype.hasobject:
            raise errors.StorageError(
                "A numpy array of Python objects cannot be stored.",
                remedy="Give it a numeric or text dtype, or return a list.",
            )
        array = numpy.ascontiguousarray(value).reshape(value.shape)
        uri = target.file(".npy")
        size = self._files.write(uri, lambda file: numpy.save(file, array, allow_pickle=False))
        version = target.given_version() or f"n1:{_array_digest(array)}"
        return StoredValue(format="npy", data_version=version, uri=uri, size=size, type="numpy.ndarray", io=target.io)

    def _read_array(self, stored: StoredValue) -> Any:
        import numpy

        content = self._files.read(_uri(stored))
        integrity.check_size(stored, len(content))
        try:
            array = numpy.load(io.BytesIO(content), allow_pickle=False)
        except ValueError as error:
            integrity.raise_damaged(stored, str(error))
        algorithm, _, digest = stored.data_version.partition(":")
        if algorithm == "n1":
            integrity.check_digest(stored, digest, _array_digest(array))
        return array


def _array_digest(array: Any) -> str:
    import numpy

    head = repr((numpy.lib.format.dtype_to_descr(array.dtype.newbyteorder("=")), array.shape)).encode()
    digest = hashlib.blake2b(head, digest_size=hashing.DIGEST_BYTES, person=b"array")
    digest.update(array.astype(array.dtype.newbyteorder("="), copy=False).tobytes())
    return digest.hexdigest()


def _open_files(root: str | Path, options: dict[str, object], durable: bool) -> Any:
    if isinstance(root, str) and "://" in root:
        from weft.storage import remote_files

        return remote_files.RemoteFiles(root, options)
    if options:
        raise errors.UsageError(
            f"Options {sorted(options)} were given for the storage root {str(root)!r}, which is a folder.",
            remedy="Give them only with a URL such as s3://bucket/prefix.",
        )
    return local_files.LocalFiles(places.absolute(root), synchronise=durable)


def _uri(stored: StoredValue) -> str:
    if stored.uri is None:
        raise errors.StorageError(f"A stored value of the format {stored.format!r} has neither content nor place.")
    return stored.uri


def _write_parquet(table: Any, file: BinaryIO) -> None:
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, file, compression="zstd", compression_level=1)


def _path_suffix(source: Path) -> str:
    suffix = source.suffix
    return suffix if len(suffix) <= 16 and suffix[1:].isalnum() and suffix.isascii() else ".file"
