"""Versions as files behind any fsspec URL (`s3://bucket/prefix`, `gs://…`, `memory://…`), as `local_files` has them.

An object store makes an object visible only when it is complete, so it is written under its final name; elsewhere a
file is written aside and moved. A move by a foreign file system is as atomic as that system makes it, and durability is
its own affair.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import posixpath
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from weft.model import errors
from weft.storage import hashing, local_files

_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "oss", "r2"})


class RemoteFiles:
    """The files below one URL; every path is relative to it."""

    def __init__(self, root: str, options: dict[str, object]) -> None:
        """Open the file system of the URL.

        Raises:
            MissingExtraError: fsspec, or the package that it needs for this kind of URL, is not installed.
            StorageError: fsspec does not know this kind of URL.
        """
        try:
            import fsspec  # noqa: F401 - asked for now, so that the error comes early
        except ImportError:
            raise errors.MissingExtraError(
                package="fsspec", extra="remote", purpose=f"The storage root {root!r}"
            ) from None
        self._url = root
        self._options = options
        self._owner = 0
        self._opened_system: Any = None
        self._downloads: str | None = None
        protocols = self._system.protocol
        names = {protocols} if isinstance(protocols, str) else set(protocols)
        self._complete_when_visible = bool(names & _OBJECT_STORES)

    @property
    def _system(self) -> Any:
        """The file system, opened once in each process: connections and loops do not survive a fork."""
        if self._owner != os.getpid():
            import fsspec

            try:
                self._opened_system, self._root = fsspec.core.url_to_fs(self._url, **self._options)
            except (ImportError, ValueError) as error:
                raise errors.StorageError(
                    f"The storage root {self._url!r} cannot be opened: {error}",
                    remedy="Install what fsspec asks for, or correct the URL.",
                ) from error
            self._owner = os.getpid()
            self._downloads = None
        return self._opened_system

    def write(self, uri: str, encode: Callable[[BinaryIO], object]) -> int:
        """Write a file through `encode`, make it visible, and return its size in bytes.

        Raises:
            StorageError: the name is taken, or the file system refuses.
        """
        final = self._at(uri)
        with self._refusals("write", final), self._aside(final) as temporary:
            with self._system.open(temporary, "wb") as file:
                encode(file)
                size: int = file.tell()
            if temporary != final:
                self._system.mv(temporary, final)
        return size

    def copy_file(self, source: Path, uri: str) -> tuple[str, int]:
        """Copy a local file into the storage; return the hex digest of what was copied, and its size."""
        digest = hashing.new_file_digest()

        def copy(target: BinaryIO) -> None:
            with source.open("rb") as file:
                while block := file.read(hashing.BLOCK_BYTES):
                    digest.update(block)
                    target.write(block)

        size = self.write(uri, copy)
        return digest.hexdigest(), size

    def copy_folder(self, source: Path, uri: str) -> tuple[str, int]:
        """Copy a local folder; return its data version and its size in bytes. A failed copy is removed again."""
        entries: list[tuple[str, str | None]] = []
        size = 0
        if self.exists(uri):
            raise _taken(self._at(uri))
        try:
            for found in sorted(source.rglob("*")):
                relative = found.relative_to(source).as_posix()
                if found.is_dir():
                    entries.append((relative, None))
                    continue
                content, length = self.copy_file(found, f"{uri}/content/{relative}")
                entries.append((relative, content))
                size += length
            # Object stores have no empty folders; the list of what there is makes the folder again, and is written
            # last.
            names = "\n".join(name for name, content in entries if content is None)
            self.write(f"{uri}/folders", lambda file: file.write(names.encode("utf-8", "surrogateescape")))
        except BaseException:
            self.remove(uri)
            raise
        return hashing.folder_version(entries), size

    def read(self, uri: str) -> bytes:
        """Return a file's content."""
        place = self._at(uri)
        with self._refusals("read", place):
            content: bytes = self._system.cat_file(place)
        return content

    def size(self, uri: str) -> int:
        """Return a file's size in bytes."""
        place = self._at(uri)
        with self._refusals("read", place):
            return int(self._system.size(place))

    @contextlib.contextmanager
    def opened(self, uri: str) -> Iterator[BinaryIO]:
        """Lend the file, opened for reading."""
        place = self._at(uri)
        with self._refusals("read", place), self._system.open(place, "rb") as file:
            yield file

    def local_path(self, uri: str) -> Path:
        """Download a stored file or folder (once for each process) and return its path."""
        system = self._system
        if self._downloads is None:
            self._downloads = tempfile.mkdtemp(prefix="weft-")
            atexit.register(_remove_downloads, self._downloads, os.getpid())
        local = Path(self._downloads) / uri
        place = self._at(uri)
        if local.exists():
            return local
        with self._refusals("read", place):
            local.parent.mkdir(parents=True, exist_ok=True)
            # A download that breaks off must not look like a whole one to the next reader.
            partial = local.with_name(f".{local.name}.{threading.get_ident()}.tmp")
            if system.isdir(place):
                self._download_folder(place, partial)
            else:
                system.get_file(place, str(partial))
            with contextlib.suppress(OSError):  # another thread was first, with the same content
                partial.rename(local)
        return local

    def _download_folder(self, place: str, local: Path) -> None:
        local.mkdir(exist_ok=True)
        folders = self._system.cat_file(f"{place}/folders").decode("utf-8", "surrogateescape").split("\n")
        for name in folders:
            (local / name).mkdir(parents=True, exist_ok=True)
        content = f"{place}/content"
        for found in self._system.find(content) if self._system.exists(content) else ():
            target = local / posixpath.relpath(found, self._system._strip_protocol(content))
            self._system.get_file(found, str(target))

    def remove(self, uri: str) -> None:
        """Remove a file or folder; one that is gone is no error."""
        place = self._at(uri)
        try:
            self._system.rm(place, recursive=True)
        except FileNotFoundError:
            return
        except OSError as error:
            local_files.raise_storage_error(error, "remove", place)

    def exists(self, uri: str) -> bool:
        """Tell whether the file or folder is there."""
        return bool(self._system.exists(self._at(uri)))

    def _at(self, uri: str) -> str:
        return f"{self._root.rstrip('/')}/{uri}"

    @contextlib.contextmanager
    def _aside(self, final: str) -> Iterator[str]:
        """Lend the name to write under, and remove what is left there on an error."""
        if self._system.exists(final):
            raise _taken(final)
        folder, _, name = final.rpartition("/")
        temporary = final if self._complete_when_visible else f"{folder}/.{name}.tmp"
        self._system.makedirs(folder, exist_ok=True)
        try:
            yield temporary
        except BaseException:
            with contextlib.suppress(
                OSError
            ):  # it was never made, or the store is gone; the first error is the one to tell
                self._system.rm_file(temporary)
            raise

    @contextlib.contextmanager
    def _refusals(self, action: str, place: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if action != "read":
                local_files.raise_storage_error(error, action, place)
            raise errors.StorageError(
                f"The stored version {place} is gone.",
                remedy="Make the partition again, or roll back to another version.",
            ) from None
        except OSError as error:
            local_files.raise_storage_error(error, action, place)


def _remove_downloads(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # a forked child ends with its parent's exit handlers
        shutil.rmtree(folder, ignore_errors=True)


def _taken(final: str) -> errors.StorageError:
    return errors.StorageError(
        f"The version {final} exists already, and versions are immutable.", remedy="Write it under a new attempt."
    )
